import type { Static } from "typebox";
import type { ForkOptions, RerunOptions } from "../../../client/fork/fork-options.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { named, RunIdParams } from "../schemas/schema-parts.ts";
import {
  ForkPlanSchema,
  ForkSchema,
  RerunSchema,
  SubmittedSchema,
} from "../schemas/submit-schema.ts";
import { optionsOf, readValue } from "./submit-routes.ts";

/** Runs that are made of other runs. */
export const forkTopic: Topic = { schemas: [ForkPlanSchema], routes: addForkRoutes };

const made = { 200: named(SubmittedSchema), 201: named(SubmittedSchema) };

function addForkRoutes(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/runs/:id/rerun",
    {
      config: { scope: "submit", problems: [404, 409] },
      schema: {
        operationId: "rerunRun",
        summary: "Run a run again from the start",
        description:
          "As a run of its own, whose id is answered: 201 when it is new, 200 when it was there.",
        tags: ["runs"],
        params: RunIdParams,
        body: RerunSchema,
        response: made,
      },
    },
    async ({ params: { id }, body }, reply) => {
      const run = await millrace.attach(id).rerun(rerunOf(body));
      void reply.header("location", `/api/v1/runs/${encodeURIComponent(run.id)}`);
      return reply.code(run.isNew ? 201 : 200).send({ id: run.id, isNew: run.isNew });
    },
  );
  api.post(
    "/runs/:id/fork",
    {
      config: { scope: "submit", problems: [404, 409] },
      schema: {
        operationId: "forkRun",
        summary: "Make a run of another one, from a point of its history",
        description:
          "What was recorded before the point is copied; from there the fork goes on with the code that is deployed now. The run itself is not touched. 201 when the fork is new, 200 when it was there.",
        tags: ["runs"],
        params: RunIdParams,
        body: ForkSchema,
        response: made,
      },
    },
    async ({ params: { id }, body }, reply) => {
      const run = await millrace.attach(id).fork(forkOf(body));
      void reply.header("location", `/api/v1/runs/${encodeURIComponent(run.id)}`);
      return reply.code(run.isNew ? 201 : 200).send({ id: run.id, isNew: run.isNew });
    },
  );
  api.post(
    "/runs/:id/fork/plan",
    {
      config: { scope: "read", problems: [404, 409] },
      schema: {
        operationId: "planFork",
        summary: "What a fork would be",
        description: "Nothing is made.",
        tags: ["runs"],
        params: RunIdParams,
        body: ForkSchema,
        response: { 200: named(ForkPlanSchema) },
      },
    },
    async ({ params: { id }, body }) => {
      const plan = await millrace.fork(id, { ...forkOf(body), dryRun: true });
      const { keeps, sets, drops, attaches, id: forkId, ...rest } = plan;
      const lists = { keeps: [...keeps], sets: [...sets], drops: [...drops] };
      return { ...rest, ...lists, attaches: [...attaches], ...given({ id: forkId }) };
    },
  );
}

function rerunOf(body: Static<typeof RerunSchema>): RerunOptions {
  const { input, key, ifExists } = body;
  const { tags, metadata, queue, priority, deadline, attributes } = optionsOf(body);
  const own = given({ key, ifExists, tags, metadata, queue, priority, deadline, attributes });
  return input === undefined ? own : { ...own, input: readValue("input", input) };
}

function forkOf(body: Static<typeof ForkSchema>): ForkOptions {
  const { from, set } = body;
  const outcomes =
    set === undefined
      ? undefined
      : Object.fromEntries(
          Object.entries(set).map(([step, value]) => [step, readValue(`set/${step}`, value)]),
        );
  return { ...rerunOf(body), ...given({ from, set: outcomes }) };
}
