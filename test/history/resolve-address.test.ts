import { expect, test } from "vitest";
import { type EventAddress, parseEventAddress } from "../../src/engine/event-address.ts";
import { EventNotFoundError } from "../../src/engine/event-not-found-error.ts";
import type { RecordedFrame } from "../../src/engine/frame.ts";
import type { RunEvent, RunEventBody } from "../../src/engine/run-event.ts";
import { BEFORE_ALL, resolveAddress } from "../../src/history/resolve-address.ts";

const output = { encoding: "json", data: new Uint8Array() };

function frame(sequence: number, ...bodies: readonly RunEventBody[]): RecordedFrame {
  const events = bodies.map((body): RunEvent => ({ at: sequence, ...body }));
  const place = { sequence, prev: 0, epoch: 1, writer: "w", token: 1, queue: "f" };
  return { ...place, status: "running", inboxFolded: 0, annotated: 0, events };
}

const FRAMES = [
  frame(
    10,
    { type: "Activated", epoch: 1, worker: "w", token: 1, reason: "submitted", version: "" },
    { type: "StepStarted", step: "charge#1", attempt: 1 },
    { type: "TimerSet", timer: "sleep#1", fireAt: 99 },
  ),
  frame(14, { type: "StepStarted", step: "in#1/charge#1", attempt: 1 }),
  frame(
    15,
    { type: "StepCompleted", step: "charge#1", attempt: 1, startedAt: 10, output },
    { type: "StepStarted", step: "charge#2", attempt: 1 },
  ),
];

function error(address: EventAddress): unknown {
  try {
    return resolveAddress(FRAMES, address);
  } catch (thrown) {
    return thrown;
  }
}

const places = (text: string): readonly number[] => {
  const { first, last } = resolveAddress(FRAMES, parseEventAddress(text));
  return [first.event, last.event];
};

test.each([
  ["0", [0, 0]],
  ["1", [1, 1]],
  ["#6", [6, 6]],
  ["seq:9", [0, 0]],
  ["seq:10", [1, 3]],
  ["seq:13", [1, 3]],
  ["seq:14", [4, 4]],
  ["seq:999", [5, 6]],
  ["charge#1", [2, 5]],
  ["charge", [2, 5]],
  ["charge#2", [6, 6]],
  ["sleep", [3, 3]],
  ["in#1/charge", [4, 4]],
] as const)("%s names the events from %j on", (text, expected) => {
  expect(places(text)).toEqual(expected);
});

test("a place has the frame of its event and its index there", () => {
  expect(resolveAddress(FRAMES, { event: 3 }).last).toEqual({ event: 3, sequence: 10, inFrame: 2 });
  expect(resolveAddress([], { event: 0 }).last).toEqual(BEFORE_ALL);
  expect(resolveAddress([], { sequence: 5 }).last).toEqual(BEFORE_ALL);
});

test("what is not there is told, with the step that was probably meant", () => {
  expect(error({ event: 7 })).toBeInstanceOf(EventNotFoundError);
  expect(error({ event: 7 })).toMatchObject({ message: expect.stringContaining("#7") });
  expect(error({ event: 7 })).toMatchObject({ message: expect.stringContaining("6 events") });
  expect(error({ step: "chrage#1" })).toMatchObject({
    code: "EVENT_NOT_FOUND",
    message: expect.stringContaining("Did you mean charge#1?"),
  });
  expect(error({ step: "chrage" })).toMatchObject({
    message: expect.stringContaining("Did you mean charge?"),
  });
});
