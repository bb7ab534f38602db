import fc, { type Arbitrary } from "fast-check";
import type { Attributes } from "../../../src/engine/attributes.ts";
import type { FrameStatus, RecordedFrame } from "../../../src/engine/frame.ts";
import { isPrintable } from "../../../src/engine/names.ts";
import type { Payload } from "../../../src/engine/payload.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { runRef } from "../../../src/engine/run-id.ts";

/** Every status that a frame can have: one more in the type does not compile here. */
const STATUSES = Object.keys({
  running: true,
  "awaiting-retry": true,
  cancelling: true,
  suspended: true,
  scheduled: true,
  released: true,
  parked: true,
  completed: true,
  failed: true,
  crashed: true,
  cancelled: true,
} satisfies Record<FrameStatus, true>) as FrameStatus[];

export const anyStatus: Arbitrary<FrameStatus> = fc.constantFrom(...STATUSES);

/** Sequences and times: whole numbers that a double holds exactly. */
const anyNumber = fc.maxSafeNat();
const anyCount = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyText = fc.string({ unit: "binary", maxLength: 20 });

export const anyPayload: Arbitrary<Payload> = fc.record({
  encoding: anyText,
  data: fc.uint8Array({ maxLength: 40 }),
});

/** The name of a value: protobuf maps keep everything but the one name that JavaScript treats as its own. */
const anyName = anyText.filter((name) => name !== "__proto__");

/** Search attributes as they may be stored. */
export const anyAttributes: Arbitrary<Attributes> = fc.dictionary(
  fc.stringMatching(/^[\w-]{1,20}$/).filter((name) => name !== "__proto__"),
  fc.oneof(
    anyText.filter(isPrintable),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.integer({ min: 0, max: 8_640_000_000_000_000 }).map((ms) => new Date(ms)),
  ),
  { maxKeys: 4, noNullPrototype: true },
);

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

const place = { at: anyNumber, step: anyText, attempt: anyCount };

/** One arbitrary for each event: a new event that has none does not compile. */
export const anyEventOf: { readonly [T in RunEvent["type"]]: Arbitrary<EventOf<T>> } = {
  Activated: fc.record({
    type: fc.constant("Activated"),
    at: anyNumber,
    epoch: anyCount,
    worker: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
    token: anyNumber,
    reason: fc.constantFrom("submitted", "takeover", "released", "woken", "resumed", "forked"),
    version: anyText,
  }),
  Suspended: fc.record({
    type: fc.constant("Suspended"),
    at: anyNumber,
    wakeAt: anyNumber,
    waits: fc.array(anyText, { maxLength: 3 }),
  }),
  CancelRequested: fc.record({
    type: fc.constant("CancelRequested"),
    at: anyNumber,
    reason: anyText,
    by: fc.constantFrom("input", "deadline"),
  }),
  ChildSubmitted: fc.record({
    type: fc.constant("ChildSubmitted"),
    at: anyNumber,
    child: anyText,
    runId: anyText,
    queue: anyText,
    onParentClose: fc.constantFrom("", "cancel", "abandon"),
  }),
  Annotated: fc.record({
    type: fc.constant("Annotated"),
    at: anyNumber,
    progress: fc.option(
      fc.record({
        done: fc.double({ noNaN: true }),
        total: fc.double({ noNaN: true }),
        message: anyText,
      }),
      { nil: undefined },
    ),
    tags: fc.array(anyText, { maxLength: 3 }),
    attributes: anyAttributes,
    exposed: fc.dictionary(anyName, anyPayload, { maxKeys: 3 }),
  }),
  Patched: fc.record({ type: fc.constant("Patched"), at: anyNumber, patch: anyText }),
  Archived: fc.record({
    type: fc.constant("Archived"),
    at: anyNumber,
    file: fc.record({ store: anyText, key: anyText, sha256: anyText, size: anyNumber }),
    archivedAt: anyNumber,
    submission: fc.constant({
      runId: runRef("checkout", "order-42").id,
      queue: "checkout",
      submissionId: "s1",
      input: { encoding: "undefined", data: new Uint8Array() },
      tags: ["job:42"],
      metadata: { by: "ann" },
      attributes: { customer: "ann" },
      submittedAt: 1,
      replyTo: "",
      isKeyNew: false,
      parent: undefined,
      startAt: 0,
      deadlineAt: 0,
    }),
    inboxUpTo: anyNumber,
    runStartedAt: anyNumber,
    takeOvers: anyCount,
    crashes: anyCount,
    version: anyText,
    cancelReason: anyText,
  }),
  Released: fc.record({ type: fc.constant("Released"), at: anyNumber }),
  StepStarted: fc.record({ type: fc.constant("StepStarted"), ...place }),
  StepAttemptFailed: fc.record({
    type: fc.constant("StepAttemptFailed"),
    ...place,
    startedAt: anyNumber,
    error: anyPayload,
    retryAt: anyNumber,
  }),
  StepCompleted: fc.record({
    type: fc.constant("StepCompleted"),
    ...place,
    startedAt: anyNumber,
    output: anyPayload,
  }),
  StepFailed: fc.record({
    type: fc.constant("StepFailed"),
    ...place,
    startedAt: anyNumber,
    error: anyPayload,
  }),
  TimerSet: fc.record({
    type: fc.constant("TimerSet"),
    at: anyNumber,
    timer: anyText,
    fireAt: anyNumber,
  }),
  TimerFired: fc.record({ type: fc.constant("TimerFired"), at: anyNumber, timer: anyText }),
  InputFolded: fc.record({
    type: fc.constant("InputFolded"),
    at: anyNumber,
    sequence: anyNumber,
    kind: fc.constantFrom("signal", "cancel", "closed", "watch"),
    name: anyText,
  }),
  Parked: fc.record({
    type: fc.constant("Parked"),
    at: anyNumber,
    reason: fc.constantFrom("mismatch", "unknown-event", "unknown-flow"),
    expected: anyText,
    asked: anyText,
    step: anyText,
  }),
  Resumed: fc.record({
    type: fc.constant("Resumed"),
    at: anyNumber,
    retry: fc.array(anyText, { maxLength: 3 }),
  }),
  Completed: fc.record({ type: fc.constant("Completed"), at: anyNumber, output: anyPayload }),
  Failed: fc.record({
    type: fc.constant("Failed"),
    at: anyNumber,
    error: anyPayload,
    step: anyText,
  }),
  Crashed: fc.record({ type: fc.constant("Crashed"), at: anyNumber, crashes: anyCount }),
  Cancelled: fc.record({ type: fc.constant("Cancelled"), at: anyNumber, reason: anyText }),
  Forked: fc.record({
    type: fc.constant("Forked"),
    at: anyNumber,
    origin: anyText,
    event: anyNumber,
    sequence: anyNumber,
    request: anyText,
    set: fc.array(anyText, { maxLength: 3 }),
  }),
  Unknown: fc.record({ type: fc.constant("Unknown"), at: anyNumber }),
};

export const anyEvent: Arbitrary<RunEvent> = fc.oneof(...Object.values(anyEventOf));

export const anyWritableEvent = anyEvent.filter(({ type }) => type !== "Unknown");

/** A frame as a worker could write it, with any events in it. */
export function anyFrameOf(events: Arbitrary<RunEvent>): Arbitrary<RecordedFrame> {
  return fc.record({
    sequence: anyNumber,
    prev: anyNumber,
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    writer: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
    status: anyStatus,
    inboxFolded: anyNumber,
    token: anyNumber,
    queue: fc.stringMatching(/^[\w-]{0,20}$/),
    annotated: anyNumber,
    events: fc.array(events, { minLength: 1, maxLength: 5 }),
  });
}
