import { type Static, Type } from "typebox";
import type { QueueState } from "../../../client/queue-handle.ts";
import type { QueueView } from "../../../client/queue-views.ts";
import type { Duration } from "../../../engine/duration.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { CLOSED, DurationText, named, Time } from "../schemas/schema-parts.ts";

const settings = {
  name: Type.String(),
  paused: Type.Boolean(),
  concurrency: Type.Optional(Type.Integer({ description: "Runs that may be active at once." })),
  rate: Type.Optional(
    Type.Object(
      { limit: Type.Integer(), perMs: Type.Number() },
      { description: "Starts in a time." },
    ),
  ),
  holders: Type.Array(
    Type.Object({ run: Type.String(), worker: Type.String(), since: Time("Since when.") }),
    { description: "Who holds the slots of a queue with a limit." },
  ),
};

const QueueSchema = Type.Object(settings, {
  $id: "Queue",
  description: "What somebody has settled for a queue, and who holds its slots.",
});

const QueueViewSchema = Type.Object(
  {
    ...settings,
    waiting: Type.Integer({ description: "Submissions that no worker was handed yet." }),
    oldestAt: Type.Optional(Time("When the first of them was stored.")),
    inputs: Type.Integer({ description: "Inputs of its runs that no worker was handed yet." }),
    handedOut: Type.Integer({ description: "Messages that workers have." }),
    leaseMs: Type.Optional(Type.Integer({ description: "How long a dead worker keeps its runs." })),
    workers: Type.Array(Type.String(), { description: "Who takes runs from it now." }),
  },
  { $id: "QueueView", description: "A queue with what waits in it and who serves it." },
);

const QueueParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 384 }) });

/** Queues and what somebody has settled for them. */
export const queueTopic: Topic = {
  schemas: [QueueSchema, QueueViewSchema],
  routes: addQueueRoutes,
};

function addQueueRoutes(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/queues",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listQueues",
        summary: "All queues: what waits in them, since when, and who serves them",
        tags: ["queues"],
        response: { 200: Type.Object({ queues: Type.Array(named(QueueViewSchema)) }) },
      },
    },
    async () => ({ queues: (await millrace.queues()).map(viewJson) }),
  );
  api.get(
    "/queues/:name",
    {
      config: { scope: "read" },
      schema: {
        operationId: "getQueue",
        summary: "What somebody has settled for a queue",
        tags: ["queues"],
        params: QueueParams,
        response: { 200: named(QueueSchema) },
      },
    },
    async ({ params: { name } }) => queueJson(await millrace.queue(name).state()),
  );
  api.patch(
    "/queues/:name",
    {
      config: { scope: "control" },
      schema: {
        operationId: "changeQueue",
        summary: "Pause, resume or limit a queue",
        description:
          "What is given changes, for all workers within a second; `null` takes a limit away.",
        tags: ["queues"],
        params: QueueParams,
        body: Type.Object(
          {
            paused: Type.Optional(Type.Boolean()),
            concurrency: Type.Optional(
              Type.Union([Type.Integer({ minimum: 1, maximum: 1_000 }), Type.Null()]),
            ),
            rate: Type.Optional(
              Type.Union([
                Type.Object(
                  { limit: Type.Integer({ minimum: 1 }), per: DurationText("In which time.") },
                  CLOSED,
                ),
                Type.Null(),
              ]),
            ),
          },
          CLOSED,
        ),
        response: { 200: named(QueueSchema) },
      },
    },
    async ({ params: { name }, body: { paused, concurrency, rate } }) => {
      const queue = millrace.queue(name);
      const per = rate?.per as Duration;
      await queue.set({
        ...given({ concurrency }),
        ...(rate === undefined ? {} : { rate: rate === null ? null : { limit: rate.limit, per } }),
      });
      if (paused !== undefined) await (paused ? queue.pause() : queue.resume());
      return queueJson(await queue.state());
    },
  );
}

function queueJson(state: QueueState): Static<typeof QueueSchema> {
  const { name, paused, concurrency, rate, holders } = state;
  return {
    name,
    paused,
    holders: holders.map(({ run, worker, since }) => ({ run, worker, since: since.toISOString() })),
    ...given({ concurrency, rate }),
  };
}

function viewJson(view: QueueView): Static<typeof QueueViewSchema> {
  const { waiting, oldestAt, inputs, handedOut, leaseMs, workers } = view;
  return {
    ...queueJson(view),
    waiting,
    inputs,
    handedOut,
    workers: [...workers],
    ...given({ oldestAt: oldestAt?.toISOString(), leaseMs }),
  };
}
