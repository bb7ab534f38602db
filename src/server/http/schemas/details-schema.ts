import { Type } from "typebox";
import { ErrorSchema } from "./error-schema.ts";
import { ProgressSchema, StatusRef } from "./run-schema.ts";
import { named, Time, Value } from "./schema-parts.ts";

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
});

export const DetailsSchema = Type.Object(
  {
    id: Type.String(),
    status: StatusRef,
    queue: Type.String(),
    tags: Type.Array(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
    input: Type.Optional(Value("What it was submitted with.")),
    output: Type.Optional(Value("What it gave.")),
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
      Type.Object({ id: Type.String(), runId: Type.String(), closed: Type.Boolean() }),
    ),
    parent: Type.Optional(Type.String()),
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

export const EventSchema = Type.Object(
  {
    sequence: Type.Integer({ description: "Stream sequence of its frame." }),
    index: Type.Integer({ description: "Its place in the frame." }),
    epoch: Type.Integer({ description: "The activation that recorded it." }),
    at: Time("When, by the writer's clock."),
    type: Type.String({ description: "`StepCompleted` and so on: docs/protocol.md." }),
  },
  { $id: "RunEvent", additionalProperties: true, description: "A recorded fact of a run." },
);
