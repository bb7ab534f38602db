import { type Static, Type } from "typebox";
import type { BulkJob } from "../../../engine/bulk-job.ts";
import { RUN_STATUSES } from "../../../engine/run-status.ts";
import {
  type BulkRequestAction,
  cancelBulkJob,
  countBulk,
  createBulkJob,
  listBulkJobs,
  readBulkJob,
} from "../../bulk-job-records.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { CLOSED, named, Time, Value } from "../schemas/schema-parts.ts";
import { readValue } from "./submit-routes.ts";

const JobSchema = Type.Object(
  {
    id: Type.String(),
    query: Type.String({ description: "Which runs, in the query language." }),
    action: Type.Enum(["cancel", "terminate", "resume", "rerun", "fork", "signal"]),
    state: Type.Enum(["running", "done", "cancelled"]),
    createdAt: Time("When it was made."),
    finishedAt: Type.Optional(Time("When it was done or stopped.")),
    expected: Type.Integer({ description: "Runs that matched when it was made." }),
    matched: Type.Integer({ description: "Runs that it has come to so far." }),
    done: Type.Integer({ description: "Asked for durably." }),
    skipped: Type.Integer({ description: "Nothing was to be done: they had ended, for example." }),
    failed: Type.Integer(),
    errors: Type.Array(
      Type.Object({ run: Type.String(), code: Type.String(), message: Type.String() }),
      { description: "The first of what went wrong." },
    ),
  },
  { $id: "BulkJob", description: "One action for all runs that a query finds." },
);

const Reason = Type.Optional(Type.String({ maxLength: 1_024 }));

const ActionSchema = Type.Union(
  [
    Type.Object({ type: Type.Literal("cancel"), reason: Reason }, CLOSED),
    Type.Object({ type: Type.Literal("terminate"), reason: Reason }, CLOSED),
    Type.Object({ type: Type.Literal("resume") }, CLOSED),
    Type.Object({ type: Type.Literal("rerun") }, CLOSED),
    Type.Object(
      {
        type: Type.Literal("fork"),
        from: Type.String({ minLength: 1, maxLength: 256, description: "A step, or an event." }),
      },
      CLOSED,
    ),
    Type.Object(
      {
        type: Type.Literal("signal"),
        name: Type.String({ minLength: 1, maxLength: 128 }),
        value: Type.Optional(Value("Its value.")),
      },
      CLOSED,
    ),
  ],
  { description: "What is done to each run." },
);

const JobParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });

/** Changes to all runs that a query finds. */
export const bulkTopic: Topic = { schemas: [JobSchema], routes: addBulkRoutes };

function addBulkRoutes(api: Api, host: ApiHost): void {
  api.post(
    "/bulk",
    {
      config: { scope: "control" },
      schema: {
        operationId: "startBulkJob",
        summary: "Do something to all runs that a query finds",
        description:
          "With `dryRun`, only says how many they are (200). Otherwise makes a job (202) that the servers work on: look at it by its id.",
        tags: ["jobs"],
        body: Type.Object(
          {
            query: Type.String({
              minLength: 1,
              maxLength: 4_096,
              description: `Which runs, such as \`status:${RUN_STATUSES.at(-2)} flow:checkout\` (docs/search.md).`,
            }),
            action: ActionSchema,
            dryRun: Type.Optional(Type.Boolean({ default: false })),
          },
          CLOSED,
        ),
        response: { 200: Type.Object({ count: Type.Integer() }), 202: named(JobSchema) },
      },
    },
    async ({ body: { query, action, dryRun } }, reply) => {
      const asked = actionOf(action);
      if (dryRun === true) return reply.code(200).send({ count: await countBulk(host, query) });
      const job = await createBulkJob(host, { query, action: asked });
      void reply.header("location", `/api/v1/jobs/${job.id}`);
      return reply.code(202).send(jobJson(job));
    },
  );
  api.get(
    "/jobs",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listBulkJobs",
        summary: "Bulk jobs, the newest first",
        description: "Known for seven days after their last change.",
        tags: ["jobs"],
        response: { 200: Type.Object({ jobs: Type.Array(named(JobSchema)) }) },
      },
    },
    async () => ({ jobs: (await listBulkJobs(host)).map(jobJson) }),
  );
  api.get(
    "/jobs/:id",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getBulkJob",
        summary: "How far a bulk job is",
        tags: ["jobs"],
        params: JobParams,
        response: { 200: named(JobSchema) },
      },
    },
    async ({ params: { id } }) => jobJson(await readBulkJob(host, id)),
  );
  api.post(
    "/jobs/:id/cancel",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "cancelBulkJob",
        summary: "Stop a bulk job",
        description: "What it has asked for stays asked for; the rest is left alone.",
        tags: ["jobs"],
        params: JobParams,
        body: Type.Object({}, CLOSED),
        response: { 200: named(JobSchema) },
      },
    },
    async ({ params: { id } }) => jobJson(await cancelBulkJob(host, id)),
  );
}

function actionOf(action: Static<typeof ActionSchema>): BulkRequestAction {
  switch (action.type) {
    case "resume":
    case "rerun":
      return { type: action.type };
    case "fork":
      return { type: "fork", from: action.from };
    case "signal":
      return { type: "signal", name: action.name, value: readValue("action/value", action.value) };
    case "cancel":
    case "terminate":
      return { type: action.type, ...given({ reason: action.reason }) };
  }
}

function jobJson(job: BulkJob): Static<typeof JobSchema> {
  const { id, query, action, state, expected, matched, done, skipped, failed } = job;
  return {
    id,
    query,
    action: action.type,
    state,
    createdAt: new Date(job.createdAt).toISOString(),
    ...(job.finishedAt === 0 ? {} : { finishedAt: new Date(job.finishedAt).toISOString() }),
    expected,
    matched,
    done,
    skipped,
    failed,
    errors: job.errors.map(({ run, code, message }) => ({ run, code, message })),
  };
}
