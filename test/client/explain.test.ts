/** The decision alone: for any facts there is an explanation, and its texts are whole. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { explainRun } from "../../src/client/explain/explain-run.ts";
import type { ExplainReason } from "../../src/client/explain/explanation.ts";
import type {
  HolderFacts,
  PendingInput,
  QueueFacts,
  RunFacts,
} from "../../src/client/explain/run-facts.ts";
import type { Payload } from "../../src/engine/payload.ts";
import type { RunActivity } from "../../src/engine/run-activity.ts";
import type { RunOutcome } from "../../src/engine/run-outcome.ts";
import type { ParkedState, RunState, StepState } from "../../src/engine/run-state.ts";
import type { SlotRefusal } from "../../src/engine/slot-table.ts";
import type { Wait } from "../../src/engine/wait.ts";
import type { WorkerPresence } from "../../src/engine/worker-presence.ts";
import { readWait, waitText } from "../../src/wire/wait-text.ts";

const NOW = 1_750_000_000_000;
const payload: Payload = { encoding: "json", data: new Uint8Array() };

const time = fc.integer({ min: -100_000_000, max: 100_000_000 }).map((ms) => NOW + ms);
const worker = fc.constantFrom("w1", "w2", "w3");
const id = fc.constantFrom("f:a", "f:b", "g:c");
const step = fc.constantFrom("charge#1", "ship#2", "g#1/pack#1");
const text = fc.oneof(fc.constant(""), fc.string(), fc.constant("line\nbreak"));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const wait: fc.Arbitrary<Wait> = fc.oneof(
  fc.record({ kind: fc.constant("retry" as const), step, at: maybe(time) }),
  fc.record({
    kind: fc.constant("timer" as const),
    timer: fc.constantFrom("sleep#1", "@start", "f#1/sleep#2"),
    until: maybe(time),
  }),
  fc.record({
    kind: fc.constant("signal" as const),
    signal: fc.constantFrom("approval", "go"),
    until: maybe(time),
  }),
  fc.record({ kind: fc.constant("run" as const), run: id }),
);

const executing = fc.record({ step, attempt: fc.integer({ min: 1, max: 9 }), startedAt: time });

const anyActivity: fc.Arbitrary<RunActivity> = fc.record({
  epoch: fc.constant(1),
  phase: fc.constantFrom("replaying" as const, "going" as const, "leaving" as const),
  steps: fc.array(executing, { maxLength: 3 }),
  waits: fc.array(wait, { maxLength: 5 }),
  waitsForSlot: fc.boolean(),
  attempts: fc.dictionary(step, fc.integer({ min: 1, max: 9 })),
  crashLimit: fc.integer({ min: 0, max: 9 }),
});

const activity = fc.oneof(
  anyActivity,
  anyActivity.map((busy): RunActivity => {
    return { ...busy, phase: "going", steps: [], waits: [], waitsForSlot: false };
  }),
);

const presence: fc.Arbitrary<WorkerPresence> = fc.record({
  worker,
  host: fc.constant("host"),
  pid: fc.constant(1),
  node: fc.constant("20.20.0"),
  version: fc.constant("0.1.0"),
  state: fc.constantFrom("serving" as const, "draining" as const, "stopped" as const),
  queues: fc.subarray(["f", "g", "shared"]),
  flows: fc.subarray(["f", "g"]),
  concurrency: fc.integer({ min: 1, max: 100 }),
  running: fc.integer({ min: 0, max: 100 }),
  held: fc.integer({ min: 0, max: 100 }),
  lagMs: fc.constant(0),
  startedAt: time,
  seenAt: fc.oneof(time, fc.constant(NOW - 1_000)),
});

const slot = fc.record({ run: id, worker, since: time });

const refusal: fc.Arbitrary<SlotRefusal> = fc.oneof(
  fc.record({
    reason: fc.constant("limit" as const),
    limit: fc.integer({ min: 1, max: 9 }),
    holders: fc.array(slot, { maxLength: 6 }),
  }),
  fc.record({
    reason: fc.constant("rate" as const),
    rate: fc.constant({ limit: 3, perMs: 1_000 }),
    until: time,
  }),
  fc.record({ reason: fc.constant("turn" as const), until: time }),
  fc.record({ reason: fc.constant("held" as const), holder: slot }),
);

const anyQueue: fc.Arbitrary<QueueFacts> = fc.record({
  name: fc.constantFrom("f", "shared"),
  paused: fc.boolean(),
  refusal: maybe(refusal),
  said: maybe(fc.record({ text, holders: fc.array(id, { maxLength: 3 }) })),
  workers: fc.array(presence, { maxLength: 4 }),
  absent: fc.subarray(["w1", "w2"]).map((names) => new Set(names)),
  place: maybe(
    fc.oneof(
      fc.constant({ handedOut: true as const }),
      fc.record({ handedOut: fc.constant(false as const), before: fc.nat(1_000) }),
    ),
  ),
  leaseMs: maybe(fc.integer({ min: 100, max: 60_000 })),
});

/** One in which nothing keeps a run from being taken up. */
const openQueue: fc.Arbitrary<QueueFacts> = fc
  .record({ queue: anyQueue, serving: presence })
  .map(({ queue: some, serving }) => {
    const workers = [
      { ...serving, worker: "w9", state: "serving" as const, queues: [some.name], flows: ["f"] },
    ].map((one) => ({ ...one, seenAt: NOW - 1_000 }));
    return { ...some, paused: false, refusal: undefined, said: undefined, workers };
  });

const queue = fc.oneof(anyQueue, openQueue);

const outcome: fc.Arbitrary<RunOutcome> = fc.oneof(
  fc.constant({ status: "completed" as const, output: payload }),
  fc.record({ status: fc.constant("failed" as const), error: fc.constant(payload), step: text }),
  fc.record({ status: fc.constant("crashed" as const), crashes: fc.nat(9) }),
  fc.record({ status: fc.constant("cancelled" as const), reason: text }),
);

const parked: fc.Arbitrary<ParkedState> = fc.record({
  at: time,
  reason: fc.constantFrom(
    "mismatch" as const,
    "unknown-event" as const,
    "unknown-flow" as const,
    "unreadable-payload" as const,
    "too-large" as const,
    "damaged-history" as const,
    "imported" as const,
  ),
  expected: text,
  asked: text,
  step: text,
});

const stepState: fc.Arbitrary<StepState> = fc.record({
  id: step,
  status: fc.constantFrom(
    "running" as const,
    "awaiting-retry" as const,
    "completed" as const,
    "failed" as const,
  ),
  attempts: fc.array(
    fc.record({
      attempt: fc.integer({ min: 1, max: 9 }),
      startedAt: time,
      endedAt: maybe(time),
      retryAt: maybe(time),
      error: fc.constant(undefined),
      output: fc.constant(undefined),
    }),
    { maxLength: 2 },
  ),
});

const state: fc.Arbitrary<RunState> = fc
  .record({
    status: fc.constantFrom(
      "running" as const,
      "awaiting-retry" as const,
      "cancelling" as const,
      "suspended" as const,
      "scheduled" as const,
      "released" as const,
      "parked" as const,
      "completed" as const,
    ),
    epoch: fc.constant(1),
    sequence: fc.constant(7),
    worker: worker,
    queue: fc.constantFrom("f", "shared"),
    startedAt: time,
    updatedAt: time,
    closedAt: maybe(time),
    crashes: fc.nat(5),
    takeOvers: fc.nat(5),
    version: fc.constant(""),
    patches: fc.constant([]),
    steps: fc.array(stepState, { maxLength: 3 }).map(byId),
    timers: fc
      .array(fc.record({ id: fc.constantFrom("sleep#1"), fireAt: time, firedAt: maybe(time) }))
      .map(byId),
    children: fc
      .array(
        fc.record({
          id: fc.constantFrom("one#1", "two#1"),
          runId: id,
          queue: fc.constant("g"),
          onParentClose: fc.constant("" as const),
          closed: fc.boolean(),
        }),
        { maxLength: 2 },
      )
      .map(byId),
    annotations: fc.constant({
      progress: undefined,
      tags: [],
      exposed: {},
      attributes: {},
    }),
    cancelReason: maybe(text),
    suspended: maybe(
      fc.record({
        wakeAt: fc.oneof(fc.constant(0), time),
        waits: fc.array(fc.oneof(wait.map(waitText), text), { maxLength: 4 }),
      }),
    ),
    parked: fc.constant(undefined),
    forkedFrom: fc.constant(undefined),
  })
  .chain((base) =>
    fc.record({
      base: fc.constant(base),
      parked: base.status === "parked" ? parked : fc.constant(undefined),
      outcome: base.status === "completed" ? outcome : fc.constant(undefined),
    }),
  )
  .map(({ base, ...end }) => ({ ...base, ...end, status: end.outcome?.status ?? base.status }));

const holder: fc.Arbitrary<HolderFacts> = fc.record({
  worker,
  answer: fc.constantFrom("held" as const, "gone" as const, "unknown" as const),
  presence: maybe(presence),
  activity: maybe(activity),
});

const input: fc.Arbitrary<PendingInput> = fc.record({
  type: fc.constantFrom(
    "Signal" as const,
    "Cancel" as const,
    "RunClosed" as const,
    "Watch" as const,
  ),
  name: text,
  sentAt: time,
});

const facts: fc.Arbitrary<RunFacts> = fc.record({
  now: fc.constant(NOW),
  run: fc.constant("f:a" as const),
  flow: fc.constant("f"),
  namespace: fc.constant("default"),
  submission: maybe(fc.record({ submittedAt: time, startAt: fc.oneof(fc.constant(0), time) })),
  state: maybe(state),
  cancelRequestedAt: maybe(time),
  queue,
  holder: maybe(holder),
  inputs: fc.array(input, { maxLength: 3 }),
  errors: fc
    .array(fc.tuple(fc.oneof(step, fc.constant("")), fc.record({ name: text, message: text })))
    .map((entries) => new Map(entries)),
});

test("whatever the facts are, there is one reason with a whole sentence and a next step", () => {
  fc.assert(
    fc.property(facts, (found) => {
      const { reason, sentence, next, since } = explainRun(found);
      expect(REASONS).toContain(reason);
      expect(sentence).toMatch(/^\S.*\.$/);
      expect(next).toMatch(/^[A-Z]/);
      expect(since?.getTime() ?? 0).not.toBeNaN();
      expect(`${sentence} ${next}`).not.toMatch(/undefined|NaN|Invalid|\[object|\n/);
    }),
    { numRuns: 2_000 },
  );
});

test("each reason can be reached", () => {
  const samples = fc.sample(facts, { seed: 7, numRuns: 8_000 });
  const seen = new Set(samples.map((found) => explainRun(found).reason));
  expect([...seen].toSorted()).toEqual([...REASONS].toSorted());
});

test("a wait is read back from its text, whatever it is for", () => {
  fc.assert(
    fc.property(wait, (one) => {
      expect(readWait(waitText(one))).toEqual(one);
    }),
  );
  expect(readWait("and more")).toBeUndefined();
  expect(readWait("")).toBeUndefined();
});

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

/** All there are: a new one fails to compile here until it is listed. */
const REASONS: readonly ExplainReason[] = Object.keys({
  "not-found": true,
  completed: true,
  failed: true,
  crashed: true,
  cancelled: true,
  "parked-mismatch": true,
  "parked-unknown-event": true,
  "parked-unknown-flow": true,
  "parked-unreadable-payload": true,
  "parked-damaged-history": true,
  "parked-too-large": true,
  "parked-imported": true,
  scheduled: true,
  "nobody-serves-queue": true,
  "flow-unknown": true,
  "queue-paused": true,
  "queue-limit": true,
  "queue-rate": true,
  "key-limit": true,
  backlog: true,
  "taking-up": true,
  "input-not-folded": true,
  "wake-up-overdue": true,
  sleeping: true,
  retrying: true,
  "waiting-for-signal": true,
  "waiting-for-children": true,
  "waiting-for-run": true,
  "waiting-for-something": true,
  executing: true,
  crashing: true,
  cancelling: true,
  replaying: true,
  "waiting-for-worker": true,
  "flow-code": true,
  "worker-blocked": true,
  "worker-silent": true,
  leaving: true,
  "holder-gone": true,
} satisfies Record<ExplainReason, true>) as ExplainReason[];
