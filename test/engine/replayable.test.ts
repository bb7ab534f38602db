import { expect, test } from "vitest";
import { followUps, replayable } from "../../src/engine/replayable.ts";
import type { RunEvent } from "../../src/engine/run-event.ts";

const ERROR = { encoding: "error", data: new Uint8Array() };

function failed(step: string): RunEvent {
  return { type: "StepFailed", at: 0, step, attempt: 1, startedAt: 0, error: ERROR };
}

function attemptFailed(step: string): RunEvent {
  const rest = { at: 0, attempt: 1, startedAt: 0, error: ERROR, retryAt: 0 };
  return { type: "StepAttemptFailed", step, ...rest };
}

function completed(step: string): RunEvent {
  return { type: "StepCompleted", at: 0, step, attempt: 1, startedAt: 0, output: ERROR };
}

function resumed(...retry: readonly string[]): RunEvent {
  return { type: "Resumed", at: 0, retry };
}

test("a history that nobody resumed is shown whole", () => {
  const events = [completed("a#1"), failed("b#1")];
  expect(replayable(events)).toEqual(events);
});

test("the failures of a step that is retried by hand no longer count", () => {
  const events = [completed("a#1"), attemptFailed("b#1"), failed("b#1"), resumed("b#1")];
  expect(replayable(events)).toEqual([completed("a#1"), resumed("b#1")]);
});

test("the failures of other steps still count: the flow saw them", () => {
  const events = [failed("a#1"), failed("b#1"), resumed("b#1")];
  expect(replayable(events)).toEqual([failed("a#1"), resumed("b#1")]);
});

test("a failure after the resume counts until the next one", () => {
  const again = [failed("a#1"), resumed("a#1"), attemptFailed("a#1"), failed("a#1")];
  expect(replayable(again)).toEqual([resumed("a#1"), attemptFailed("a#1"), failed("a#1")]);
  expect(replayable([...again, resumed("a#1")])).toEqual([resumed("a#1"), resumed("a#1")]);
});

test("a completed step is never voided (I3)", () => {
  const events = [completed("a#1"), resumed("a#1")];
  expect(replayable(events)).toEqual(events);
});

test("a resume that names no step voids nothing", () => {
  const events = [failed("a#1"), resumed()];
  expect(replayable(events)).toEqual(events);
});

test("the history itself is left as it is", () => {
  const events = Object.freeze([failed("a#1"), resumed("a#1")]);
  replayable(events);
  expect(events.length).toBe(2);
});

test("what followed a voided failure may be passed over, up to the resume and no further", () => {
  const [asked, told, again, later] = ["a#1", "tell#1", "tell#1", "z#1"].map(completed);
  const events = [asked, failed("b#1"), told, resumed("b#1"), failed("b#1"), again, later];
  expect([...followUps(events as RunEvent[])]).toEqual([told]);
  const twice = [...events, resumed("b#1")] as RunEvent[];
  expect([...followUps(twice)]).toEqual([told, again, later]);
});

test("nothing may be passed over in a history whose failures all count", () => {
  expect(followUps([failed("a#1"), completed("b#1"), resumed("c#1")]).size).toBe(0);
});
