import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import type { Frame, RecordedFrame } from "../../src/engine/frame.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { decodeFrame, encodeFrame, eventSizeBytes } from "../../src/wire/frame-codec.ts";
import { messages } from "../../src/wire/messages.ts";
import { anyEventOf, anyFrameOf, anyWritableEvent } from "../engine/support/arbitraries.ts";
import { anyMutationOf } from "./support/mutations.ts";
import { sameBytes } from "./support/same-bytes.ts";

expect.addEqualityTesters([sameBytes]);

const FRAME: Frame = {
  prev: 7,
  epoch: 2,
  writer: "w1",
  status: "running",
  inboxFolded: 3,
  token: 5,
  queue: "checkout",
  annotated: 0,
  events: [{ type: "Released", at: 9 }],
};

/** What of a recorded frame stands in its bytes. */
function stored(recorded: RecordedFrame): Frame {
  const { sequence: _, ...frame } = recorded;
  return frame;
}

function eventsOf(bytes: Uint8Array): readonly RunEvent[] {
  const decoded = decodeFrame(bytes);
  if (decoded.kind === "foreign") throw new Error(decoded.reason);
  return decoded.value.events;
}

const written = Object.entries(anyEventOf).filter(([type]) => type !== "Unknown");

test.each(written)("a frame with any %s comes back as it was written", (_, anyOne) => {
  fc.assert(
    fc.property(anyFrameOf(anyOne), (recorded) => {
      const frame = stored(recorded);
      expect(decodeFrame(encodeFrame(frame))).toEqual({ kind: "ok", value: frame });
    }),
    { numRuns: 50 },
  );
});

test("events of all kinds in one frame keep their order", () => {
  fc.assert(
    fc.property(anyFrameOf(anyWritableEvent), (recorded) => {
      expect(eventsOf(encodeFrame(stored(recorded)))).toEqual(recorded.events);
    }),
  );
});

test("sequences and times up to 2^53 - 1 are exact", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const events: RunEvent[] = [{ type: "TimerSet", at: most, timer: "t#1", fireAt: most }];
  const frame = { ...FRAME, prev: most, inboxFolded: most, token: most, events };
  expect(decodeFrame(encodeFrame(frame))).toEqual({ kind: "ok", value: frame });
});

test("an unknown event is never written again: it stays where it is", () => {
  expect(() => encodeFrame({ ...FRAME, events: [{ type: "Unknown", at: 1 }] })).toThrow(/kept/);
});

test("random bytes are foreign or a frame, and never an exception (I11)", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(["ok", "foreign"]).toContain(decodeFrame(bytes).kind);
    }),
    { numRuns: 2_000 },
  );
});

test("a damaged frame is foreign, or a frame that can be encoded and replayed (I11)", () => {
  const anyBytes = anyFrameOf(anyWritableEvent).map((frame) => encodeFrame(stored(frame)));
  fc.assert(
    fc.property(anyBytes.chain(anyMutationOf), (bytes) => {
      const decoded = decodeFrame(bytes);
      if (decoded.kind === "foreign") return;
      const events = decoded.value.events.filter(({ type }) => type !== "Unknown");
      expect(() => encodeFrame({ ...decoded.value, events })).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["nothing", new Uint8Array()],
  ["text", new TextEncoder().encode("hello")],
  ["JSON", new TextEncoder().encode('{"format":1}')],
  ["a frame that ends in the middle", encodeFrame(FRAME).subarray(0, -3)],
  ["a frame without its format", messages.Frame.encode({ epoch: 1, writer: "w" }).finish()],
  ["a frame without a writer", messages.Frame.encode({ format: 1, epoch: 1, status: 1 }).finish()],
  [
    "a frame without an epoch",
    messages.Frame.encode({ format: 1, writer: "w", status: 1 }).finish(),
  ],
  [
    "a frame without a status",
    messages.Frame.encode({ format: 1, epoch: 1, writer: "w" }).finish(),
  ],
  [
    "a frame with a status that is not known",
    messages.Frame.encode({ format: 1, epoch: 1, writer: "w", status: 99 as never }).finish(),
  ],
])("%s is foreign, and says why", (_, bytes) => {
  expect(decodeFrame(bytes)).toEqual({ kind: "foreign", reason: expect.stringMatching(/\S/) });
});

test("a frame of a newer format is kept as one unknown event, so that its run is parked", () => {
  const bytes = messages.Frame.encode({
    format: 2,
    prev: 7,
    epoch: 3,
    writer: "w9",
    status: 99 as never,
    token: 5,
    events: [{ at: 1, released: {} }],
  }).finish();
  expect(decodeFrame(bytes)).toMatchObject({
    kind: "ok",
    value: { prev: 7, epoch: 3, status: "running", events: [{ type: "Unknown", at: 0 }] },
  });
});

test("an event with a body that this version does not know is unknown, with its time", () => {
  const newer = protobuf.Writer.create().uint32(tag(1, 0)).uint64(42).uint32(tag(77, 2)).bytes("x");
  expect(eventsOf(frameWith(newer.finish()))).toEqual([{ type: "Unknown", at: 42 }]);
});

test("an event without a body is unknown", () => {
  expect(eventsOf(frameWith(new Uint8Array()))).toEqual([{ type: "Unknown", at: 0 }]);
});

test.each(written)("an event with %s and another body is unknown, not one of the two", (type) => {
  const other = type === "Released" ? "Crashed" : "Released";
  for (const types of [
    [type, other],
    [other, type],
  ]) {
    const writer = protobuf.Writer.create();
    for (const one of types) writer.uint32(tag(NUMBER_OF[one] ?? 0, 2)).bytes(new Uint8Array());
    expect(eventsOf(frameWith(writer.finish()))).toEqual([{ type: "Unknown", at: 0 }]);
  }
});

test("an event with the same body twice is unknown, not a mixture of the two", () => {
  const body = protobuf.Writer.create().uint32(tag(1, 2)).string("a#1").finish();
  const event = protobuf.Writer.create();
  for (let at = 0; at < 2; at++) event.uint32(tag(4, 2)).bytes(body);
  expect(eventsOf(frameWith(event.finish()))).toEqual([{ type: "Unknown", at: 0 }]);
});

test("a doubled event leaves its neighbours as they are", () => {
  const doubled = protobuf.Writer.create().uint32(tag(3, 2)).bytes(new Uint8Array());
  doubled.uint32(tag(15, 2)).bytes(new Uint8Array());
  const before = encodeFrame({ ...FRAME, events: [{ type: "Released", at: 1 }] });
  const after = protobuf.Writer.create().uint32(tag(9, 2)).bytes(doubled.finish()).finish();
  expect(eventsOf(Buffer.concat([before, after, before]))).toEqual([
    { type: "Released", at: 1 },
    { type: "Unknown", at: 0 },
    { type: "Released", at: 1 },
  ]);
});

test("fields that a newer version added to a known body are passed over", () => {
  const body = protobuf.Writer.create()
    .uint32(tag(1, 2))
    .string("a#1")
    .uint32(tag(99, 0))
    .uint32(1);
  const event = protobuf.Writer.create().uint32(tag(4, 2)).bytes(body.finish());
  expect(eventsOf(frameWith(event.finish()))).toEqual([
    { type: "StepStarted", at: 0, step: "a#1", attempt: 0 },
  ]);
});

test.each(written)("the size that is planned for any %s covers the bytes it takes", (_, anyOne) => {
  // Long enough that what is forgotten shows.
  const stretched = anyOne.map((event) => stretch(event, 40) as RunEvent);
  fc.assert(
    fc.property(fc.oneof(anyOne, stretched), (event) => {
      const alone = encodeFrame({ ...FRAME, events: [] }).length;
      const size = encodeFrame({ ...FRAME, events: [event] }).length - alone;
      expect(size).toBeLessThanOrEqual(eventSizeBytes(event));
    }),
    { numRuns: 50 },
  );
});

/** The same with every text so many times as long, but for what says of which kind it is. */
function stretch(value: unknown, times: number): unknown {
  if (typeof value === "string") return value.repeat(times);
  if (Array.isArray(value)) return value.map((inner) => stretch(inner, times));
  const isWhole = value instanceof Uint8Array || value instanceof Date;
  if (typeof value !== "object" || value === null || isWhole) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      name === "type" ? [name, inner] : [name, stretch(inner, times)],
    ),
  );
}

/** A valid frame around the bytes of one event. */
function frameWith(event: Uint8Array): Uint8Array {
  const frame = messages.Frame.encode({ format: 1, epoch: 1, writer: "w", status: 1 });
  return frame.uint32(tag(9, 2)).bytes(event).finish();
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/** The numbers of proto/millrace/v1/millrace.proto, written down once more: they are for ever. */
const NUMBER_OF: Readonly<Record<string, number>> = {
  Activated: 2,
  Released: 3,
  StepStarted: 4,
  StepAttemptFailed: 5,
  StepCompleted: 6,
  StepFailed: 7,
  TimerSet: 8,
  TimerFired: 9,
  InputFolded: 10,
  Parked: 11,
  Resumed: 12,
  Completed: 13,
  Failed: 14,
  Crashed: 15,
  Cancelled: 16,
  Suspended: 17,
  CancelRequested: 18,
  ChildSubmitted: 19,
  Annotated: 20,
  Patched: 21,
  Archived: 22,
  Forked: 23,
};
