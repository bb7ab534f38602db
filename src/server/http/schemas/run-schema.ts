import { Type } from "typebox";
import type { RunJson } from "../../../client/run-summary.ts";
import { RUN_STATUSES, type RunStatus } from "../../../engine/run-status.ts";
import { Next, Time } from "./schema-parts.ts";

export const RunStatusSchema = Type.Unsafe<RunStatus>({
  $id: "RunStatus",
  type: "string",
  enum: [...RUN_STATUSES],
  description: "Where a run is in its life.",
});

const Status = Type.Unsafe<RunStatus>({ $ref: "RunStatus#" });

export const AttributeSchema = Type.Union(
  [
    Type.String(),
    Type.Number(),
    Type.Boolean(),
    Type.Object({ time: Time("A time.") }, { additionalProperties: false }),
  ],
  { description: "A search attribute: text, number, boolean, or `{ time }`." },
);

export const AttributesSchema = Type.Record(Type.String(), AttributeSchema, {
  description: "Search attributes by name.",
});

export const ProgressSchema = Type.Object({
  done: Type.Number(),
  total: Type.Number(),
  message: Type.String(),
});

/** A run as lists show it. What there is nothing of is not there. */
export const RunSchema = Type.Object(
  {
    id: Type.String({ description: "`<flow>:<key>`" }),
    flow: Type.String(),
    key: Type.String(),
    queue: Type.String(),
    status: Status,
    closed: Type.Boolean({ description: "True once it has ended." }),
    parent: Type.Optional(Type.String({ description: "The run that submitted it." })),
    root: Type.String({ description: "The first run of its family." }),
    depth: Type.Integer({ description: "0 for a run without parent." }),
    submittedAt: Time("When it was submitted."),
    startAt: Type.Optional(Time("Not to be started before.")),
    deadlineAt: Type.Optional(Time("Cancelled if it has not ended by then.")),
    startedAt: Type.Optional(Time("When a worker first took it up.")),
    updatedAt: Time("When something last happened to it."),
    closedAt: Type.Optional(Time("When it ended.")),
    epoch: Type.Integer({ description: "Activations so far." }),
    takeOvers: Type.Integer({ description: "How often a worker died on it, all told." }),
    crashes: Type.Integer({ description: "The same since it last made progress." }),
    worker: Type.Optional(Type.String({ description: "Who holds it." })),
    version: Type.Optional(Type.String({ description: "The flow's version as it last ran." })),
    wakeAt: Type.Optional(Time("When the broker wakes it.")),
    waits: Type.Array(Type.String(), { description: "What it waits for." }),
    tags: Type.Array(Type.String()),
    attributes: AttributesSchema,
    progress: Type.Optional(ProgressSchema),
    parked: Type.Optional(Type.String({ description: "Why it is set aside." })),
    cancelReason: Type.Optional(Type.String()),
    error: Type.Optional(
      Type.Object({
        name: Type.String(),
        message: Type.String(),
        fingerprint: Type.String({ description: "The same for errors of one kind." }),
      }),
    ),
    archived: Type.Boolean({ description: "True when it is in the archive." }),
  },
  { $id: "Run", description: "A run as lists show it. What there is nothing of is not there." },
);

/** What a route gives that answers with a run. */
export const RunRef = Type.Unsafe<RunJson>({ $ref: "Run#" });

export const RunPageSchema = Type.Object(
  { runs: Type.Array(RunRef), next: Next },
  { $id: "RunPage" },
);

export { Status as StatusRef };
