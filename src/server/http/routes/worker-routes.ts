import { Type } from "typebox";
import type { WorkerView } from "../../../client/workers.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { named, Time } from "../schemas/schema-parts.ts";

const WorkerSchema = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum(["serving", "draining", "gone", "stopped"], {
      description: "`gone` when it has told nothing for 30 s and did not stop in good order.",
    }),
    host: Type.String(),
    pid: Type.Integer(),
    node: Type.String({ description: "Version of Node." }),
    version: Type.String({ description: "Version of Millrace." }),
    queues: Type.Array(Type.String()),
    flows: Type.Array(Type.String()),
    concurrency: Type.Integer({ description: "Runs that may execute there at once." }),
    running: Type.Integer({ description: "Runs that execute." }),
    held: Type.Integer({ description: "Runs in memory, waiting ones included." }),
    lagMs: Type.Number({ description: "How late its event loop was of late." }),
    startedAt: Time("When it started, by its own clock."),
    seenAt: Time("When it told of itself last, by its own clock."),
  },
  { $id: "Worker", description: "A worker as it last told of itself." },
);

/** Who executes runs. */
export const workerTopic: Topic = { schemas: [WorkerSchema], routes: addWorkerRoutes };

function addWorkerRoutes(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/workers",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listWorkers",
        summary: "The workers of the last day",
        description: "Those that serve first. A worker tells of itself every 10 s.",
        tags: ["queues"],
        response: { 200: Type.Object({ workers: Type.Array(named(WorkerSchema)) }) },
      },
    },
    async () => ({ workers: (await millrace.workers()).map(workerJson) }),
  );
}

function workerJson({ queues, flows, startedAt, seenAt, ...worker }: WorkerView) {
  return {
    ...worker,
    queues: [...queues],
    flows: [...flows],
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
  };
}
