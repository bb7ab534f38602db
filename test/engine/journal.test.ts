import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_ANNOTATIONS } from "../../src/engine/annotations.ts";
import type { PlainInput } from "../../src/engine/input.ts";
import { Journal, type Outcome } from "../../src/engine/journal.ts";
import type { Payload } from "../../src/engine/payload.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";

const SOME: Payload = { encoding: "json", data: new Uint8Array([49]) };

/** A journal with open commands, and what they were told in the order in which they were told. */
function journal(...commands: readonly ["step" | "timer", string][]) {
  const settled: [string, Outcome][] = [];
  const open = new Journal(1_000, () => undefined);
  for (const [kind, id] of commands) {
    const settle = (outcome: Outcome): unknown => settled.push([id, outcome]);
    open.open({ kind, id, topic: "", shielded: false, settle });
  }
  return { journal: open, settled };
}

function completed(step: string, at = 0): RunEvent {
  return { type: "StepCompleted", at, step, attempt: 1, startedAt: 0, output: SOME };
}

function failed(step: string, at = 0): RunEvent {
  return { type: "StepFailed", at, step, attempt: 1, startedAt: 0, error: SOME };
}

function attemptFailed(step: string, attempt: number, retryAt: number): RunEvent {
  return { type: "StepAttemptFailed", at: 0, step, attempt, startedAt: 0, error: SOME, retryAt };
}

test("commands settle in the history's order, not in the order in which they were asked for", () => {
  const { journal: log, settled } = journal(["step", "a#1"], ["step", "b#1"], ["timer", "sleep#1"]);
  expect(log.apply({ type: "TimerFired", at: 0, timer: "sleep#1" })).toBeUndefined();
  expect(log.apply(failed("b#1"))).toBeUndefined();
  expect(log.apply(completed("a#1"))).toBeUndefined();
  expect(settled).toEqual([
    ["sleep#1", { type: "due" }],
    ["b#1", { type: "error", error: SOME }],
    ["a#1", { type: "output", output: SOME }],
  ]);
});

test("a settled command waits no more, the others do, in the order asked", () => {
  const { journal: log } = journal(["step", "a#1"], ["step", "b#1"], ["step", "c#1"]);
  log.apply(completed("b#1"));
  expect([...log.waiting()].map(({ id }) => id)).toEqual(["a#1", "c#1"]);
  expect(log.find("b#1")).toBeUndefined();
  expect(log.find("a#1")).toMatchObject({ settled: false });
});

test("a second outcome for one command is a mismatch, and the first one stands (I3)", () => {
  const { journal: log, settled } = journal(["step", "a#1"]);
  log.apply(completed("a#1"));
  expect(log.apply(failed("a#1"))).toEqual({
    expected: "StepFailed of step a#1",
    asked: "a#1, whose outcome is recorded already",
    step: "a#1",
  });
  expect(settled.length).toBe(1);
});

test("an outcome that no command asked for names what was asked for instead (I7)", () => {
  const { journal: log } = journal(["step", "b#1"], ["timer", "sleep#1"]);
  expect(log.apply(completed("a#1"))).toEqual({
    expected: "StepCompleted of step a#1",
    asked: "step b#1, timer sleep#1",
    step: "a#1",
  });
});

test("a flow that asked for nothing is told so", () => {
  expect(journal().journal.apply(completed("a#1"))?.asked).toMatch(/^nothing/);
});

test("a long list of what was asked for is cut to five and a count", () => {
  const { journal: log } = journal(
    ...Array.from({ length: 8 }, (_, at) => ["step", `s#${at}`] as ["step", string]),
  );
  expect(log.apply(completed("a#1"))?.asked).toBe(
    "step s#0, step s#1, step s#2, step s#3, step s#4 and 3 more",
  );
});

test("an outcome of another kind is a mismatch that names both kinds", () => {
  const { journal: log, settled } = journal(["timer", "x#1"]);
  expect(log.apply(completed("x#1"))).toEqual({
    expected: "StepCompleted of step x#1",
    asked: "timer x#1",
    step: "x#1",
  });
  expect(settled).toEqual([]);
});

test.each<[string, RunEvent]>([
  ["StepStarted", { type: "StepStarted", at: 0, step: "a#1", attempt: 1 }],
  ["StepAttemptFailed", attemptFailed("a#1", 1, 0)],
  ["TimerSet", { type: "TimerSet", at: 0, timer: "a#1", fireAt: 0 }],
  ["TimerFired", { type: "TimerFired", at: 0, timer: "a#1" }],
])("%s of something that was not asked for is a mismatch", (type, event) => {
  const mismatch = journal(["step", "b#1"]).journal.apply(event);
  expect(mismatch?.expected).toContain(type);
  expect(mismatch?.step).toBe("a#1");
});

test("an event of a newer Millrace is a mismatch without a step", () => {
  expect(journal().journal.apply({ type: "Unknown", at: 0 })).toMatchObject({ step: "" });
});

test.each<[string, RunEvent]>([
  [
    "Activated",
    {
      type: "Activated",
      at: 9_000,
      epoch: 2,
      worker: "w",
      token: 3,
      reason: "woken",
      version: "",
    },
  ],
  ["Suspended", { type: "Suspended", at: 9_000, wakeAt: 0, waits: [] }],
  ["Patched", { type: "Patched", at: 9_000, patch: "p" }],
  ["Annotated", { type: "Annotated", at: 9_000, ...NO_ANNOTATIONS, tags: ["t"] }],
  ["Released", { type: "Released", at: 9_000 }],
  ["Resumed", { type: "Resumed", at: 9_000, retry: [] }],
  ["Completed", { type: "Completed", at: 9_000, output: SOME }],
  ["Failed", { type: "Failed", at: 9_000, error: SOME, step: "" }],
  ["Crashed", { type: "Crashed", at: 9_000, crashes: 6 }],
  ["Cancelled", { type: "Cancelled", at: 9_000, reason: "" }],
  [
    "Parked",
    { type: "Parked", at: 9_000, reason: "mismatch", expected: "", asked: "", step: "a#1" },
  ],
])("%s is no news for the flow: it settles nothing and moves no clock", (_, event) => {
  const { journal: log, settled } = journal(["step", "a#1"]);
  expect(log.apply(event)).toBeUndefined();
  expect(settled).toEqual([]);
  expect(log.now).toBe(1_000);
});

test("now is the time of the last outcome that the flow saw, and never goes back", () => {
  const { journal: log } = journal(["step", "a#1"], ["step", "b#1"], ["step", "c#1"]);
  log.apply(completed("a#1", 5_000));
  expect(log.now).toBe(5_000);
  log.apply(completed("b#1", 4_000));
  expect(log.now).toBe(5_000);
  log.apply({ type: "StepStarted", at: 8_000, step: "c#1", attempt: 1 });
  expect(log.now).toBe(5_000);
});

test("now has moved when the flow learns of the outcome", () => {
  const log = new Journal(1_000, () => undefined);
  let seen = 0;
  const settle = (): void => {
    seen = log.now;
  };
  log.open({ kind: "step", id: "a#1", topic: "", shielded: false, settle });
  log.apply(completed("a#1", 5_000));
  expect(seen).toBe(5_000);
});

test("failed attempts and due times are kept with the command (I8)", () => {
  const { journal: log } = journal(["step", "a#1"], ["timer", "sleep#1"]);
  log.apply(attemptFailed("a#1", 1, 2_000));
  log.apply(attemptFailed("a#1", 2, 3_000));
  log.apply({ type: "TimerSet", at: 0, timer: "sleep#1", fireAt: 7_000 });
  expect(log.find("a#1")).toMatchObject({ failedAttempts: 2, dueAt: 3_000 });
  expect(log.find("sleep#1")).toMatchObject({ failedAttempts: 0, dueAt: 7_000 });
});

test("any order of outcomes settles each command once, in that order", () => {
  const ids = ["a#1", "a#2", "b#1", "c#1", "c#2"];
  fc.assert(
    fc.property(fc.shuffledSubarray(ids), (order) => {
      const { journal: log, settled } = journal(
        ...ids.map((id) => ["step", id] as ["step", string]),
      );
      for (const id of order) expect(log.apply(completed(id))).toBeUndefined();
      expect(settled.map(([id]) => id)).toEqual(order);
      for (const id of order) expect(log.apply(completed(id))).toBeDefined();
      expect(settled.length).toBe(order.length);
    }),
  );
});

test("whoever waits for a run is told of its end in the order of asking, and whoever was cancelled is not told again", () => {
  const told: string[] = [];
  const outcome = { status: "completed", output: SOME } as const;
  const closed = { type: "RunClosed", runId: "ship:1", outcome } as const;
  const log = new Journal(1_000, () => closed);
  const ask = (id: string, topic: string, shielded: boolean): unknown =>
    log.open({
      kind: "outcome",
      id,
      topic,
      shielded,
      settle: ({ type }) => told.push(`${id} ${type}`),
    });
  ask("a", "ship:1", true);
  ask("b", "ship:1", false);
  ask("c", "ship:2", true);
  ask("d", "ship:1", true);
  log.apply({ type: "CancelRequested", at: 0, reason: "", by: "input" });
  log.apply({ type: "InputFolded", at: 0, sequence: 7, kind: "closed", name: "ship:1" });
  expect(told).toEqual(["b cancelled", "a closed", "d closed"]);
  expect(log.waitingCount).toBe(1);
  ask("e", "ship:1", false);
  expect(told.at(-1)).toBe("e closed");
});

test("of those that wait for one name or one run, each signal goes to the oldest and an end to all", () => {
  const inputs = new Map<number, PlainInput>([
    [1, { type: "Signal", name: "go", payload: SOME }],
    [2, { type: "Signal", name: "go", payload: SOME }],
    [3, { type: "RunClosed", runId: "child:1", outcome: { status: "completed", output: SOME } }],
  ]);
  const log = new Journal(1_000, (sequence) => inputs.get(sequence));
  const told: string[] = [];
  const open = (kind: "receive" | "outcome", id: string, topic: string): void => {
    log.open({ kind, id, topic, shielded: false, settle: () => told.push(id) });
  };
  open("receive", "go#1", "go");
  open("receive", "go#2", "go");
  open("receive", "go#3", "go");
  open("receive", "stop#1", "stop");
  open("outcome", "child#1/result", "child:1");
  open("outcome", "child#1/result2", "child:1");
  open("outcome", "child#2/result", "child:2");
  const fold = (sequence: number, kind: "signal" | "closed"): void => {
    log.apply({ type: "InputFolded", at: 0, sequence, kind, name: "" });
  };
  log.apply({ type: "TimerSet", at: 0, timer: "go#1", fireAt: 1 });
  log.apply({ type: "TimerFired", at: 0, timer: "go#1" });
  fold(1, "signal");
  fold(3, "closed");
  fold(2, "signal");
  expect(told).toEqual(["go#1", "go#2", "child#1/result", "child#1/result2", "go#3"]);
  expect([...log.waiting()].map(({ id }) => id)).toEqual(["stop#1", "child#2/result"]);
});
