import fc from "fast-check";
import { expect, test } from "vitest";
import type { FrameStatus, RecordedFrame } from "../../src/engine/frame.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";
import { outcomeOf } from "../../src/engine/run-outcome.ts";
import { crashesAfter, foldFrames } from "../../src/engine/run-state.ts";
import { anyEvent, anyFrameOf } from "./support/arbitraries.ts";

const OUTPUT = { encoding: "json", data: new Uint8Array([49]) };
const ERROR = { encoding: "error", data: new Uint8Array([50]) };

/** A history of frames: sequences 10, 20, … written by `w1`. */
function frames(...parts: readonly (readonly [FrameStatus, ...RunEvent[]])[]): RecordedFrame[] {
  return parts.map(([status, ...events], at) => ({
    sequence: (at + 1) * 10,
    prev: at * 10,
    epoch: 1,
    writer: "w1",
    status,
    inboxFolded: 0,
    token: 5,
    queue: "checkout",
    annotated: 0,
    events,
  }));
}

function child(id: string, runId: string): RunEvent {
  return { type: "ChildSubmitted", at: 10, child: id, runId, queue: "ship", onParentClose: "" };
}

function activated(at: number, reason: "submitted" | "takeover" | "released"): RunEvent {
  return { type: "Activated", at, epoch: 1, worker: "w1", token: 5, reason, version: "" };
}

function completed(at: number, step: string, attempt = 1): RunEvent {
  return { type: "StepCompleted", at, step, attempt, startedAt: at - 5, output: OUTPUT };
}

function attemptFailed(at: number, step: string, attempt = 1): RunEvent {
  const rest = { startedAt: at - 5, error: ERROR, retryAt: at + 1_000 };
  return { type: "StepAttemptFailed", at, step, attempt, ...rest };
}

test("no frames give no state", () => {
  expect(foldFrames([])).toBeUndefined();
});

test("a run that goes on is held by the writer of its last frame", () => {
  const state = foldFrames(
    frames(["running", activated(100, "submitted"), completed(150, "charge#1")]),
  );
  expect(state).toMatchObject({
    status: "running",
    epoch: 1,
    sequence: 10,
    worker: "w1",
    queue: "checkout",
    startedAt: 100,
    updatedAt: 150,
    closedAt: undefined,
    crashes: 0,
    takeOvers: 0,
    outcome: undefined,
  });
});

test("a run that ended has its outcome and nobody who holds it", () => {
  const state = foldFrames(
    frames(
      ["running", activated(100, "submitted")],
      ["completed", { type: "Completed", at: 300, output: OUTPUT }],
    ),
  );
  expect(state).toMatchObject({
    status: "completed",
    worker: "",
    closedAt: 300,
    outcome: { status: "completed", output: OUTPUT },
  });
});

test("a step's attempts are kept with their times, errors and the next try", () => {
  const state = foldFrames(
    frames([
      "running",
      attemptFailed(110, "charge#1", 1),
      { type: "StepStarted", at: 1_200, step: "charge#1", attempt: 2 },
      completed(1_300, "charge#1", 2),
    ]),
  );
  expect(state?.steps.get("charge#1")).toEqual({
    id: "charge#1",
    status: "completed",
    attempts: [
      {
        attempt: 1,
        startedAt: 105,
        endedAt: 110,
        retryAt: 1_110,
        error: ERROR,
        output: undefined,
      },
      {
        attempt: 2,
        startedAt: 1_295,
        endedAt: 1_300,
        retryAt: undefined,
        error: undefined,
        output: OUTPUT,
      },
    ],
  });
});

test("an attempt that a crash interrupted gives way to the one that repeats it", () => {
  const started: RunEvent = { type: "StepStarted", at: 200, step: "a#1", attempt: 1 };
  const before = foldFrames(frames(["running", started]));
  expect(before?.steps.get("a#1")).toMatchObject({ status: "running" });
  const state = foldFrames(frames(["running", started, { ...started, at: 900 }]));
  expect(state?.steps.get("a#1")?.attempts).toMatchObject([{ startedAt: 900, endedAt: undefined }]);
});

test("crashes are counted since the last progress: a step or timer that ended starts anew (I8)", () => {
  const crashesWith = (...last: RunEvent[]): number | undefined =>
    foldFrames(
      frames(
        ["running", activated(1, "submitted")],
        ["running", activated(2, "takeover")],
        ["running", activated(3, "takeover"), ...last],
      ),
    )?.crashes;
  expect(crashesWith()).toBe(2);
  expect(crashesWith(completed(4, "charge#1"))).toBe(0);
  expect(crashesWith({ type: "TimerFired", at: 4, timer: "sleep#1" })).toBe(0);
  expect(crashesWith(completed(4, "charge#1"), activated(5, "takeover"))).toBe(1);
  // An attempt that failed is no progress: a retry that always kills its worker comes to an end.
  expect(crashesWith(attemptFailed(4, "charge#1"))).toBe(2);
});

test("crashes that are counted alone are those of the whole fold (I8)", () => {
  fc.assert(
    fc.property(fc.array(anyFrameOf(anyEvent)), (history) => {
      let crashes = 0;
      for (const { events } of history)
        for (const event of events) crashes = crashesAfter(event, crashes);
      expect(crashes).toBe(foldFrames(history)?.crashes ?? 0);
    }),
  );
});

test("take-overs count as crashes until somebody resumes the run; releases never do (I8)", () => {
  const history = frames(
    ["running", activated(1, "submitted")],
    ["running", activated(2, "takeover")],
    ["released", { type: "Released", at: 3 }],
    ["running", activated(4, "released")],
    ["running", activated(5, "takeover")],
  );
  expect(foldFrames(history)).toMatchObject({ crashes: 2, takeOvers: 2 });
  const resumed = frames(["running", { type: "Resumed", at: 6, retry: [] }]);
  expect(foldFrames([...history, ...resumed])).toMatchObject({ crashes: 0, takeOvers: 2 });
});

test("a timer tells when it is due and when it fired", () => {
  const set: RunEvent = { type: "TimerSet", at: 10, timer: "sleep#1", fireAt: 500 };
  const fired: RunEvent = { type: "TimerFired", at: 503, timer: "sleep#1" };
  expect(foldFrames(frames(["running", set]))?.timers.get("sleep#1")).toEqual({
    id: "sleep#1",
    fireAt: 500,
    firedAt: undefined,
  });
  expect(foldFrames(frames(["running", set, fired]))?.timers.get("sleep#1")).toEqual({
    id: "sleep#1",
    fireAt: 500,
    firedAt: 503,
  });
});

test("a run that closes closes each child that is this run, in whichever frames they are, and no other", () => {
  const closed: RunEvent = {
    type: "InputFolded",
    at: 20,
    sequence: 25,
    kind: "closed",
    name: "ship:1",
  };
  const before = foldFrames(
    frames(["running", child("ship#1", "ship:1"), child("ship#2", "ship:2")]),
  );
  const after = foldFrames(frames(["running", child("ship#3", "ship:1"), closed]), before);
  const states = [...(after?.children.values() ?? [])].map(({ id, closed: is }) => [id, is]);
  expect(states).toEqual([
    ["ship#1", true],
    ["ship#2", false],
    ["ship#3", true],
  ]);
  expect(before?.children.get("ship#1")?.closed).toBe(false);
});

test("a parked run says why until it goes on", () => {
  const why = { reason: "mismatch", expected: "a", asked: "b", step: "a#1" } as const;
  const parked = frames(["parked", { type: "Parked", at: 10, ...why }]);
  expect(foldFrames(parked)).toMatchObject({ status: "parked", parked: { at: 10, ...why } });
  const resumed = frames(["running", { type: "Resumed", at: 20, retry: [] }]);
  expect(foldFrames([...parked, ...resumed])?.parked).toBeUndefined();
});

test("a failed run that was resumed has no outcome while it goes on", () => {
  const failed = frames(["failed", { type: "Failed", at: 10, error: ERROR, step: "a#1" }]);
  expect(foldFrames(failed)?.outcome).toEqual({ status: "failed", error: ERROR, step: "a#1" });
  const resumed = frames(["running", { type: "Resumed", at: 20, retry: ["a#1"] }]);
  expect(foldFrames([...failed, ...resumed])).toMatchObject({
    outcome: undefined,
    closedAt: undefined,
  });
});

test("times do not run backwards when a slower clock takes over", () => {
  const state = foldFrames(frames(["running", completed(500, "a#1"), completed(400, "b#1")]));
  expect(state?.updatedAt).toBe(500);
});

test.each<[RunEvent, unknown]>([
  [
    { type: "Completed", at: 0, output: OUTPUT },
    { status: "completed", output: OUTPUT },
  ],
  [
    { type: "Failed", at: 0, error: ERROR, step: "a#1" },
    { status: "failed", error: ERROR, step: "a#1" },
  ],
  [
    { type: "Crashed", at: 0, crashes: 6 },
    { status: "crashed", crashes: 6 },
  ],
  [
    { type: "Cancelled", at: 0, reason: "x" },
    { status: "cancelled", reason: "x" },
  ],
  [{ type: "Released", at: 0 }, undefined],
])("the outcome is read from a frame's last event: $type", (event, outcome) => {
  expect(outcomeOf([completed(0, "a#1"), event])).toEqual(outcome);
  expect(outcomeOf([event, completed(0, "a#1")])).toBeUndefined();
});

const anyHistory = fc.array(anyFrameOf(anyEvent), { maxLength: 8 });

test("folding on from a state is the same as folding all at once (I10)", () => {
  fc.assert(
    fc.property(anyHistory, anyHistory, (first, rest) => {
      expect(foldFrames(rest, foldFrames(first))).toEqual(foldFrames([...first, ...rest]));
    }),
  );
});

test("folding leaves the state it goes on from as it was", () => {
  fc.assert(
    fc.property(anyHistory, anyHistory, (first, rest) => {
      const state = foldFrames(first);
      const before = structuredClone(state);
      foldFrames(rest, state);
      expect(state).toEqual(before);
    }),
  );
});
