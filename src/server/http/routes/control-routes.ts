import { Type } from "typebox";
import { signal } from "../../../definition/signal.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { named, RunIdParams } from "../schemas/schema-parts.ts";
import { AskedSchema, SignalSchema, StopSchema } from "../schemas/submit-schema.ts";
import { readValue } from "./submit-routes.ts";

/** Signals, and what somebody does to one run by hand. */
export const controlTopic: Topic = { schemas: [AskedSchema], routes: addControlRoutes };

function addControlRoutes(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/runs/:id/signal",
    {
      config: { scope: "submit", problems: [404, 409] },
      schema: {
        operationId: "signalRun",
        summary: "Send a signal to a run",
        description:
          "Durable when it is answered. The run receives it whenever it asks for it, in the order in which signals of the name came.",
        tags: ["control"],
        params: RunIdParams,
        body: SignalSchema,
        response: { 202: named(AskedSchema) },
      },
    },
    async ({ params: { id }, body }, reply) => {
      const value = readValue("value", body.value);
      await millrace.attach(id).signal(signal<unknown>(body.name), value);
      return reply.code(202).send({ id });
    },
  );
  for (const { action, operationId, summary, description } of STOPS) {
    api.post(
      `/runs/:id/${action}`,
      {
        config: { scope: "control", problems: [404, 409] },
        schema: {
          operationId,
          summary,
          description,
          tags: ["control"],
          params: RunIdParams,
          body: StopSchema,
          response: { 202: named(AskedSchema) },
        },
      },
      async ({ params: { id }, body: { reason } }, reply) => {
        await millrace.attach(id)[action](reason);
        return reply.code(202).send({ id });
      },
    );
  }
  api.post(
    "/runs/:id/resume",
    {
      config: { scope: "control", problems: [404, 409] },
      schema: {
        operationId: "resumeRun",
        summary: "Continue a parked, failed or crashed run from its history",
        tags: ["control"],
        params: RunIdParams,
        body: Type.Object({}, { additionalProperties: false }),
        response: { 202: named(AskedSchema) },
      },
    },
    async ({ params: { id } }, reply) => {
      await millrace.attach(id).resume();
      return reply.code(202).send({ id });
    },
  );
}

const STOPS = [
  {
    action: "cancel",
    operationId: "cancelRun",
    summary: "Ask a run to stop",
    description:
      "It may clean up first. One that no worker has taken up, or that is parked, ends at once.",
  },
  {
    action: "terminate",
    operationId: "terminateRun",
    summary: "End a run now",
    description: "No clean-up is done, and what it is doing is given up.",
  },
] as const;
