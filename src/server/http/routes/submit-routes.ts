import type { Static } from "typebox";
import { signal } from "../../../definition/signal.ts";
import type { SubmitOptions } from "../../../definition/submit-options.ts";
import type { Attributes } from "../../../engine/attributes.ts";
import type { Duration } from "../../../engine/duration.ts";
import { valueOfJson } from "../../../wire/json-value.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { ApiError } from "../problem.ts";
import { named } from "../schemas/schema-parts.ts";
import { SignalOrSubmitSchema, SubmitSchema, SubmittedSchema } from "../schemas/submit-schema.ts";

/** Bringing in runs. */
export const submitTopic: Topic = { schemas: [SubmittedSchema], routes: addSubmitRoutes };

function addSubmitRoutes(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/runs",
    {
      config: { scope: "submit", problems: [409] },
      schema: {
        operationId: "submitRun",
        summary: "Submit a run",
        description:
          "Durable when it is answered. The same key again gives the same run: 201 when it is new, 200 when it was there. " +
          "Without a key, asking twice makes two runs.",
        tags: ["runs"],
        body: SubmitSchema,
        response: { 200: named(SubmittedSchema), 201: named(SubmittedSchema) },
      },
    },
    async ({ body }, reply) => {
      const { flow, input, key, ifExists } = body;
      const options = { ...optionsOf(body), ...given({ key, ifExists }) };
      const { id, isNew } = await millrace.submit(flow, readValue("input", input), options);
      void reply.header("location", `/api/v1/runs/${encodeURIComponent(id)}`);
      return reply.code(isNew ? 201 : 200).send({ id, isNew });
    },
  );
  api.post(
    "/runs/signal-or-submit",
    {
      config: { scope: "submit", problems: [409] },
      schema: {
        operationId: "signalOrSubmit",
        summary: "Signal a run, and start it first if there is none by this key",
        tags: ["runs"],
        body: SignalOrSubmitSchema,
        response: { 202: named(SubmittedSchema) },
      },
    },
    async ({ body }, reply) => {
      const { flow, input, key, signal: sent } = body;
      const options = { ...optionsOf(body), key, ...given({ signalId: sent.id }) };
      const { id, isNew } = await millrace.signalOrSubmit(
        flow,
        readValue("input", input),
        options,
        signal<unknown>(sent.name),
        readValue("signal/value", sent.value),
      );
      return reply.code(202).send({ id, isNew });
    },
  );
}

/** @throws {@link ApiError} when the value is marked as one that JSON cannot say, and makes no sense. */
export function readValue(pointer: string, json: unknown): unknown {
  try {
    return valueOfJson(json);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ApiError("REQUEST_INVALID", `body/${pointer}: ${detail}`, {
      errors: [{ pointer: `body/${pointer}`, detail }],
    });
  }
}

type OptionFields = Omit<Static<typeof SignalOrSubmitSchema>, "flow" | "key" | "input" | "signal">;

/** What a body says of how a run is submitted. */
export function optionsOf(body: OptionFields): SubmitOptions {
  const { tags, metadata, queue, priority, at, delay, deadline, attributes } = body;
  return given({
    tags,
    metadata,
    queue,
    priority,
    attributes: attributes === undefined ? undefined : attributesOf(attributes),
    at: at === undefined ? undefined : new Date(at),
    // Whether it is one is checked where every duration is.
    delay: delay as Duration | undefined,
    deadline: deadline === undefined ? undefined : timeOrDuration(deadline),
  });
}

function timeOrDuration(when: string | number): Date | Duration {
  if (typeof when === "string" && /^\d{4}-/.test(when)) return new Date(when);
  return when as Duration;
}

/** A time stands in an object: text may look like one. */
function attributesOf(json: NonNullable<OptionFields["attributes"]>): Attributes {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      typeof value === "object" ? new Date(value.time) : value,
    ]),
  );
}
