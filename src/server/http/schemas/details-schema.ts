import { Type } from "typebox";
import { ErrorSchema } from "./error-schema.ts";
import { AttributesSchema, ProgressSchema, StatusRef } from "./run-schema.ts";
import { named, Time, Value } from "./schema-parts.ts";

const BlobSchema = Type.Object(
  { store: Type.String(), key: Type.String(), sha256: Type.String(), size: Type.Integer() },
  { description: "Where a large value is." },
);

const AttemptSchema = Type.Object({
  attempt: Type.Integer({ description: "From 1." }),
  startedAt: Time("When it began."),
  durationMs: Type.Optional(Type.Number({ description: "Not there while it runs." })),
  retryAt: Type.Optional(Time("When the next attempt is due.")),
  error: Type.Optional(named(ErrorSchema)),
});

const StepSchema = Type.Object({
  id: Type.String({ description: "`<name>#<n>`" }),
  status: Type.Enum(["running", "awaiting-retry", "completed", "failed"]),
  attempts: Type.Array(AttemptSchema),
  output: Type.Optional(Value("What it gave.")),
  outputBlob: Type.Optional(BlobSchema),
});

const Period = {
  from: Time("When it began."),
  to: Type.Optional(Time("Not there while it goes on.")),
};

/** What a flow asked for: what a flow inside it asked for stands under it. */
export const CommandSchema = Type.Object(
  {
    kind: Type.Enum(["step", "timer", "child", "flow"]),
    id: Type.String({ description: "`pay#1/charge#2`" }),
    label: Type.String({ description: "Its part of the id: `charge#2`." }),
    ...Period,
    status: Type.Optional(Type.String({ description: "Of a step." })),
    attempts: Type.Optional(Type.Integer({ description: "Of a step." })),
    runId: Type.Optional(Type.String({ description: "Of a child." })),
    commands: Type.Optional(Type.Array(Type.Unsafe<object>({ $ref: "RunCommand#" }))),
  },
  { $id: "RunCommand", description: "A step, timer or child, or a flow with those of its own." },
);

const TimelineSchema = Type.Object(
  {
    kind: Type.Enum(["queued", "activation", "waiting", "attempt", "timer", "child"]),
    ...Period,
    epoch: Type.Optional(Type.Integer()),
    worker: Type.Optional(Type.String()),
    end: Type.Optional(Type.String({ description: "How an activation ended." })),
    waits: Type.Optional(Type.Array(Type.String())),
    step: Type.Optional(Type.String()),
    attempt: Type.Optional(Type.Integer()),
    outcome: Type.Optional(Type.Enum(["running", "completed", "failed"])),
    id: Type.Optional(Type.String()),
    runId: Type.Optional(Type.String()),
  },
  { description: "One bar of the run's timeline." },
);

export const DetailsSchema = Type.Object(
  {
    id: Type.String(),
    status: StatusRef,
    queue: Type.String(),
    tags: Type.Array(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
    attributes: AttributesSchema,
    input: Type.Optional(Value("What it was submitted with.")),
    output: Type.Optional(Value("What it gave.")),
    inputBlob: Type.Optional(BlobSchema),
    outputBlob: Type.Optional(BlobSchema),
    error: Type.Optional(named(ErrorSchema)),
    submittedAt: Time("When it was submitted."),
    startAt: Type.Optional(Time("Not to be started before.")),
    deadlineAt: Type.Optional(Time("Cancelled if it has not ended by then.")),
    startedAt: Type.Optional(Time("When a worker first took it up.")),
    closedAt: Type.Optional(Time("When it ended.")),
    epoch: Type.Integer(),
    worker: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    patches: Type.Array(Type.String()),
    takeOvers: Type.Integer(),
    steps: Type.Array(StepSchema),
    timers: Type.Array(
      Type.Object({
        id: Type.String(),
        fireAt: Time("When it is due."),
        firedAt: Type.Optional(Time("When it went off.")),
      }),
    ),
    children: Type.Array(
      Type.Object({
        id: Type.String(),
        runId: Type.String(),
        closed: Type.Boolean({ description: "True when this run has learnt of its end." }),
        submittedAt: Time("When it was submitted."),
        closedAt: Type.Optional(Time("When this run learnt of its end.")),
      }),
    ),
    commands: Type.Array(Type.Unsafe<object>({ $ref: "RunCommand#" }), {
      description: "Steps, timers and children as the flow asked for them.",
    }),
    timeline: Type.Array(TimelineSchema, { description: "When what went on, for drawing." }),
    queueDelayMs: Type.Optional(
      Type.Number({ description: "How long it was due before a worker took it up." }),
    ),
    waits: Type.Array(Type.Object({ ...Period, waitsFor: Type.Array(Type.String()) }), {
      description: "When nobody held it because it only waited.",
    }),
    sequence: Type.Integer({ description: "Stream sequence of the last frame that is shown." }),
    lastEvent: Type.Object(
      { event: Type.Integer(), sequence: Type.Integer(), inFrame: Type.Integer() },
      {
        description:
          "The last event that is shown: its number in the run, its frame, its index there.",
      },
    ),
    frames: Type.Integer({ description: "How many frames its history has." }),
    parent: Type.Optional(Type.String()),
    origin: Type.Optional(
      Type.Object(
        { runId: Type.String(), event: Type.Integer() },
        {
          description:
            "The run that it was made of, and how many of its events it begins with; 0: it was run again.",
        },
      ),
    ),
    waitingFor: Type.Array(Type.String()),
    cancelReason: Type.Optional(Type.String()),
    progress: Type.Optional(ProgressSchema),
    exposed: Type.Record(Type.String(), Type.Unknown(), {
      description: "What its flow exposes, by name.",
    }),
    parked: Type.Optional(
      Type.Object({
        reason: Type.String(),
        expected: Type.String(),
        asked: Type.String(),
        step: Type.String(),
      }),
    ),
  },
  { $id: "RunDetails", description: "All that is recorded of a run." },
);

/** What a route gives that answers with details. */
export const DetailsRef = Type.Unsafe<object>({ $ref: "RunDetails#" });

/** A run and those that it submitted. */
export const TreeSchema = Type.Object(
  {
    id: Type.String(),
    command: Type.String({ description: "Its place in the flow that submitted it, or empty." }),
    status: Type.String({
      description: "As of a run, or `not-found`: not submitted, yet or ever.",
    }),
    worker: Type.String(),
    startedAt: Type.Optional(Time("When a worker first took it up.")),
    closedAt: Type.Optional(Time("When it ended.")),
    waitingFor: Type.Array(Type.String()),
    progress: Type.Optional(ProgressSchema),
    children: Type.Array(Type.Unsafe<object>({ $ref: "RunTree#" })),
    more: Type.Integer({ description: "How many more children are not shown." }),
  },
  { $id: "RunTree", description: "A run and those that it submitted, and so on." },
);

export const TreeRef = Type.Unsafe<object>({ $ref: "RunTree#" });

export const EventSchema = Type.Object(
  {
    number: Type.Integer({ description: "Its number in the run, from 1." }),
    sequence: Type.Integer({ description: "Stream sequence of its frame." }),
    index: Type.Integer({ description: "Its place in the frame." }),
    epoch: Type.Integer({ description: "The activation that recorded it." }),
    at: Time("When, by the writer's clock."),
    type: Type.String({ description: "`StepCompleted` and so on: docs/protocol.md." }),
  },
  { $id: "RunEvent", additionalProperties: true, description: "A recorded fact of a run." },
);
