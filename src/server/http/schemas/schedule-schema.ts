import { Type } from "typebox";
import { CLOSED, DurationText, Time, Value } from "./schema-parts.ts";

const CATCH_UPS = Type.Union([Type.Literal("skip"), Type.Literal("latest"), Type.Literal("all")]);

const OVERLAPS = Type.Union([
  Type.Literal("allow"),
  Type.Literal("skip"),
  Type.Literal("queue"),
  Type.Literal("cancel-previous"),
]);

/** What a schedule is put with, by its name in the address: one of `cron` and `every`. */
export const ScheduleBody = Type.Object(
  {
    flow: Type.String({ description: "The flow or task that is submitted." }),
    cron: Type.Optional(
      Type.String({ maxLength: 256, description: "5 fields, or 6 with seconds first." }),
    ),
    timeZone: Type.Optional(
      Type.String({ maxLength: 64, description: "Of `cron`: an IANA name. Default UTC." }),
    ),
    every: Type.Optional(DurationText("In place of `cron`: how often.")),
    from: Type.Optional(Time("Of `every`: the first time. Default: the start of 1970.")),
    input: Type.Optional(Value("The same for each run.")),
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 63 })),
    queue: Type.Optional(Type.String()),
    catchUp: Type.Optional(
      Type.Union([
        CATCH_UPS,
        Type.Object(
          {
            mode: CATCH_UPS,
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
            grace: Type.Optional(DurationText("How late still counts as in time.")),
          },
          CLOSED,
        ),
      ]),
    ),
    overlap: Type.Optional(OVERLAPS),
    jitter: Type.Optional(DurationText("Each run is submitted up to so much later.")),
  },
  CLOSED,
);

export const ScheduleSchema = Type.Object(
  {
    name: Type.String(),
    flow: Type.String(),
    timing: Type.Union([
      Type.Object({ kind: Type.Literal("cron"), cron: Type.String(), timeZone: Type.String() }),
      Type.Object({
        kind: Type.Literal("interval"),
        everyMs: Type.Integer(),
        from: Type.Integer({ description: "Milliseconds since 1970." }),
      }),
    ]),
    input: Type.Optional(Value("The same for each run.")),
    tags: Type.Optional(Type.Array(Type.String())),
    queue: Type.Optional(Type.String()),
    catchUp: Type.Object({
      mode: CATCH_UPS,
      limit: Type.Integer(),
      graceMs: Type.Integer(),
    }),
    overlap: OVERLAPS,
    jitterMs: Type.Integer(),
    version: Type.Integer({ description: "One more for each change." }),
    from: Type.Union([Type.Literal("code"), Type.Literal("api")], {
      description: "Whether a worker brought it along.",
    }),
    paused: Type.Optional(Type.Object({ reason: Type.String(), at: Time("Since when.") })),
    createdAt: Time("When it was made."),
    changedAt: Time("When its spec was changed."),
    nextAt: Time("When it is due next."),
    lastRun: Type.Optional(Type.String({ description: "The last run that had its turn." })),
    lastDueAt: Type.Optional(Time("When that one was due.")),
    waiting: Type.Array(Time("A due time."), {
      description: "Due times that wait for the run before to end.",
    }),
  },
  { $id: "Schedule", description: "A schedule as it stands." },
);
