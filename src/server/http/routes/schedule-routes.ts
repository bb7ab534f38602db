import { type Static, Type } from "typebox";
import type { ScheduleView } from "../../../client/schedules.ts";
import { parseScheduleSpec } from "../../../definition/parse-schedule-spec.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { ScheduleBody, ScheduleSchema } from "../schemas/schedule-schema.ts";
import { CLOSED, named, Time } from "../schemas/schema-parts.ts";

const ScheduleParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, description: "The schedule's name." }),
});

const EMPTY = Type.Object({}, CLOSED);
const SCHEDULE = named(ScheduleSchema);

/** Schedules: runs by the clock. */
export const scheduleTopic: Topic = {
  schemas: [ScheduleSchema],
  routes: (api, host) => {
    addReading(api, host);
    addChanging(api, host);
    addSubmitting(api, host);
  },
};

function addReading(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/schedules",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listSchedules",
        summary: "All schedules, by name",
        tags: ["schedules"],
        response: { 200: Type.Object({ schedules: Type.Array(SCHEDULE) }) },
      },
    },
    async () => ({ schedules: (await millrace.schedules.list()).map(scheduleJson) }),
  );
  api.get(
    "/schedules/:name",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getSchedule",
        summary: "A schedule as it stands",
        tags: ["schedules"],
        params: ScheduleParams,
        response: { 200: SCHEDULE },
      },
    },
    async ({ params: { name } }) => scheduleJson(await millrace.schedules.get(name)),
  );
  api.get(
    "/schedules/:name/next",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "nextOfSchedule",
        summary: "Its next due times",
        tags: ["schedules"],
        params: ScheduleParams,
        querystring: Type.Object(
          { count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 10 })) },
          CLOSED,
        ),
        response: { 200: Type.Object({ next: Type.Array(Time("A due time.")) }) },
      },
    },
    async ({ params: { name }, query: { count } }) => ({
      next: (await millrace.schedules.next(name, count)).map((time) => time.toISOString()),
    }),
  );
}

function addChanging(api: Api, { millrace }: ApiHost): void {
  api.put(
    "/schedules/:name",
    {
      config: { scope: "control" },
      schema: {
        operationId: "putSchedule",
        summary: "Make a schedule, or change the one of this name",
        description: "A paused one stays paused. The same again changes nothing.",
        tags: ["schedules"],
        params: ScheduleParams,
        body: ScheduleBody,
        response: { 200: SCHEDULE },
      },
    },
    async ({ params: { name }, body }) => {
      const spec = parseScheduleSpec({ ...body, name });
      return scheduleJson(await millrace.schedules.put(spec));
    },
  );
  api.delete(
    "/schedules/:name",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "removeSchedule",
        summary: "Remove a schedule",
        description:
          "Its runs stay. One that stands in code is put again when a worker with that code starts.",
        tags: ["schedules"],
        params: ScheduleParams,
        response: { 200: Type.Object({ name: Type.String() }) },
      },
    },
    async ({ params: { name } }) => {
      await millrace.schedules.remove(name);
      return { name };
    },
  );
  api.post(
    "/schedules/:name/pause",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "pauseSchedule",
        summary: "Submit nothing of a schedule until it is resumed",
        tags: ["schedules"],
        params: ScheduleParams,
        body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: 1_000 })) }, CLOSED),
        response: { 200: SCHEDULE },
      },
    },
    async ({ params: { name }, body: { reason } }) =>
      scheduleJson(await millrace.schedules.pause(name, reason)),
  );
  api.post(
    "/schedules/:name/resume",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "resumeSchedule",
        summary: "Let a schedule go on from now",
        description: "What was due while it was paused is left out.",
        tags: ["schedules"],
        params: ScheduleParams,
        body: EMPTY,
        response: { 200: SCHEDULE },
      },
    },
    async ({ params: { name } }) => scheduleJson(await millrace.schedules.resume(name)),
  );
}

function addSubmitting(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/schedules/:name/trigger",
    {
      config: { scope: "submit", problems: [404] },
      schema: {
        operationId: "triggerSchedule",
        summary: "Submit a run of a schedule now, beside all that is due",
        tags: ["schedules"],
        params: ScheduleParams,
        body: Type.Object(
          {
            key: Type.Optional(
              Type.String({ minLength: 1, description: "With one it is safe to repeat." }),
            ),
          },
          CLOSED,
        ),
        response: { 201: Type.Object({ id: Type.String() }) },
      },
    },
    async ({ params: { name }, body: { key } }, reply) => {
      const { id } = await millrace.schedules.trigger(name, given({ key }));
      return reply.code(201).send({ id });
    },
  );
  api.post(
    "/schedules/:name/backfill",
    {
      config: { scope: "submit", problems: [404] },
      schema: {
        operationId: "backfillSchedule",
        summary: "Submit the runs of a window that have not been",
        description: "Overlap, jitter and pause do not count. Safe to repeat.",
        tags: ["schedules"],
        params: ScheduleParams,
        body: Type.Object(
          {
            from: Time("The first time that counts."),
            to: Time("The first time that does not count any more."),
            limit: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: 1_000,
                description: "More due times than this are refused. Default 100.",
              }),
            ),
          },
          CLOSED,
        ),
        response: {
          200: Type.Object({
            runs: Type.Array(
              Type.Object({
                dueAt: Time("When it was due."),
                run: Type.String({ description: "Its id." }),
                isNew: Type.Boolean({ description: "False when it had a run already." }),
              }),
            ),
          }),
        },
      },
    },
    async ({ params: { name }, body: { from, to, limit } }) => {
      const window = { from: new Date(from), to: new Date(to), ...given({ limit }) };
      const runs = await millrace.schedules.backfill(name, window);
      return { runs: runs.map((run) => ({ ...run, dueAt: run.dueAt.toISOString() })) };
    },
  );
}

function scheduleJson(view: ScheduleView): Static<typeof ScheduleSchema> {
  const { spec, version, from, paused, lastRun, lastDueAt } = view;
  const { tags, ...rest } = spec;
  return {
    ...rest,
    ...(tags === undefined ? {} : { tags: [...tags] }),
    version,
    from,
    createdAt: view.createdAt.toISOString(),
    changedAt: view.changedAt.toISOString(),
    nextAt: view.nextAt.toISOString(),
    waiting: view.waiting.map((time) => time.toISOString()),
    ...(paused && { paused: { reason: paused.reason, at: paused.at.toISOString() } }),
    ...given({ lastRun, lastDueAt: lastDueAt?.toISOString() }),
  };
}
