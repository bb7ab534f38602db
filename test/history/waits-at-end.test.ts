/** A run in the middle of its history, frame by frame and within a frame. */
import { expect, test } from "vitest";
import type { FrameStatus, RecordedFrame } from "../../src/engine/frame.ts";
import { framesUpTo } from "../../src/engine/frames-up-to.ts";
import type { RunEvent, RunEventBody } from "../../src/engine/run-event.ts";
import { placedEvents } from "../../src/history/resolve-address.ts";
import { waitsAtEnd } from "../../src/history/waits-at-end.ts";

const payload = { encoding: "json", data: new Uint8Array() };
const T = (ms: number): string => new Date(ms).toISOString();

function frame(sequence: number, status: FrameStatus, ...bodies: RunEventBody[]): RecordedFrame {
  const events = bodies.map((body): RunEvent => ({ at: sequence, ...body }));
  const place = { sequence, prev: 0, epoch: 1, writer: "w", token: 1, queue: "f" };
  return { ...place, status, inboxFolded: 0, annotated: 0, events };
}

const activated = {
  type: "Activated",
  epoch: 1,
  worker: "w",
  token: 1,
  reason: "submitted",
  version: "",
} as const;
const step = (id: string, attempt: number) => ({ step: id, attempt, startedAt: 0 });
const folded = (kind: "signal" | "closed", name: string) =>
  ({ type: "InputFolded", sequence: 1, kind, name }) as const;
const child = { type: "ChildSubmitted", queue: "ship", onParentClose: "" } as const;

/** Each moment as `<event>: <status>: <what it waits for>`. */
function moments(...frames: readonly RecordedFrame[]): readonly string[] {
  return placedEvents(frames).map(({ event, place }) => {
    const cut = framesUpTo(frames, place);
    return `${event.type}: ${cut.at(-1)?.status}: ${waitsAtEnd(cut).join(", ")}`;
  });
}

test("attempts, timers and children are waited for from their beginning to their end, also within a frame", () => {
  expect(
    moments(
      frame(
        5,
        "running",
        activated,
        { type: "StepStarted", step: "a#1", attempt: 1 },
        { type: "StepStarted", step: "b#1", attempt: 1 },
        { type: "StepAttemptFailed", ...step("a#1", 1), error: payload, retryAt: 50 },
        { type: "StepCompleted", ...step("b#1", 1), output: payload },
        { type: "StepStarted", step: "a#1", attempt: 2 },
      ),
      frame(
        6,
        "running",
        { type: "StepFailed", ...step("a#1", 2), error: payload },
        { type: "TimerSet", timer: "sleep#1", fireAt: 99 },
        { ...child, child: "ship#1", runId: "ship:x" },
        folded("closed", "ship:x"),
        { type: "TimerFired", timer: "sleep#1" },
      ),
      frame(9, "completed", { type: "Completed", output: payload }),
    ),
  ).toEqual([
    "Activated: running: ",
    `StepStarted: running: step a#1 (attempt 1, since ${T(5)})`,
    `StepStarted: running: step a#1 (attempt 1, since ${T(5)}), step b#1 (attempt 1, since ${T(5)})`,
    `StepAttemptFailed: running: the next attempt of a#1 at ${T(50)}, step b#1 (attempt 1, since ${T(5)})`,
    `StepCompleted: running: the next attempt of a#1 at ${T(50)}`,
    `StepStarted: running: step a#1 (attempt 2, since ${T(5)})`,
    "StepFailed: running: ",
    `TimerSet: running: sleep#1 until ${T(99)}`,
    `ChildSubmitted: running: sleep#1 until ${T(99)}, run ship:x`,
    `InputFolded: running: sleep#1 until ${T(99)}`,
    "TimerFired: running: ",
    "Completed: completed: ",
  ]);
});

test("a signal that it was suspended for is waited for until it comes, its time is over, or the run is to stop", () => {
  const waits = [`signal go until ${T(99)}`, "signal ok", `nap#1 until ${T(70)}`, "run a:b"];
  const before = frame(
    5,
    "suspended",
    activated,
    { type: "TimerSet", timer: "in#1/go#1", fireAt: 99 },
    { type: "TimerSet", timer: "nap#1", fireAt: 70 },
    { type: "Suspended", wakeAt: 60, waits },
  );
  expect(
    moments(
      before,
      frame(6, "running", activated, folded("signal", "go"), folded("closed", "a:b")),
      frame(7, "running", { type: "TimerFired", timer: "nap#1" }, folded("signal", "ok")),
    ).slice(3),
  ).toEqual([
    `Suspended: suspended: ${waits.join(", ")}`,
    `Activated: running: nap#1 until ${T(70)}, signal go until ${T(99)}, signal ok, run a:b`,
    `InputFolded: running: nap#1 until ${T(70)}, signal ok, run a:b`,
    `InputFolded: running: nap#1 until ${T(70)}, signal ok`,
    "TimerFired: running: signal ok",
    "InputFolded: running: ",
  ]);
  expect(
    moments(
      before,
      frame(6, "running", activated, { type: "TimerFired", timer: "in#1/go#1" }),
      frame(7, "cancelling", { type: "CancelRequested", reason: "", by: "input" }),
    ).slice(5),
  ).toEqual([
    `TimerFired: running: nap#1 until ${T(70)}, signal ok, run a:b`,
    "CancelRequested: cancelling: ",
  ]);
});

test("the status within a frame is the one that its writer would have given to it", () => {
  expect(
    moments(
      frame(
        5,
        "suspended",
        activated,
        { type: "StepAttemptFailed", ...step("a#1", 1), error: payload, retryAt: 50 },
        { type: "CancelRequested", reason: "", by: "input" },
        { type: "Suspended", wakeAt: 0, waits: [`@start until ${T(9)}`] },
        activated,
        { type: "Released" },
        activated,
        { type: "Parked", reason: "mismatch", expected: "", asked: "", step: "" },
        activated,
        { type: "Suspended", wakeAt: 0, waits: ["signal go"] },
      ),
    ).map((moment) => moment.split(": ").slice(0, 2).join(": ")),
  ).toEqual([
    "Activated: running",
    "StepAttemptFailed: awaiting-retry",
    "CancelRequested: cancelling",
    "Suspended: scheduled",
    "Activated: cancelling",
    "Released: released",
    "Activated: cancelling",
    "Parked: parked",
    "Activated: cancelling",
    "Suspended: suspended",
  ]);
});
