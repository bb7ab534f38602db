import { type Frame, isClosed, type RecordedFrame } from "../../../src/engine/frame.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { verifyRun } from "../../../src/history/verify-run.ts";
import { UNDONE } from "./play.ts";
import type { StoredInput, StoredRun } from "./stored-runs.ts";

/** What the history of a run that has ended breaks of DESIGN section 5, or nothing. */
export function brokenBy(run: StoredRun): string | undefined {
  const { submission, frames, foreign, inbox, storedInbox } = run;
  if (submission === undefined) return "I1: it was never submitted";
  if (foreign.length > 0) return `I2: ${foreign[0]?.reason}`;
  return (
    brokenEpoch(frames) ??
    brokenEnd(frames) ??
    brokenOutcome(frames) ??
    brokenInbox(frames, inbox) ??
    brokenTimer(frames) ??
    brokenSaga(frames) ??
    verifyRun({ submission, frames, foreign, inbox: storedInbox })[0]?.sentence
  );
}

/** I2: one writer an epoch, each epoch one more than the one before it, opened by its `Activated`. */
function brokenEpoch(frames: readonly RecordedFrame[]): string | undefined {
  let before: Frame | undefined;
  for (const frame of frames) {
    const opened = frame.events.filter((event) => event.type === "Activated").length;
    const isNew = frame.epoch !== before?.epoch;
    if (isNew && frame.epoch !== (before?.epoch ?? 0) + 1) return `I2: epoch ${frame.epoch} jumps`;
    if (opened !== (isNew && !isTermination(frame) ? 1 : 0))
      return `I2: epoch ${frame.epoch} is opened ${opened} times`;
    if (!isNew && frame.writer !== before?.writer)
      return `I2: epoch ${frame.epoch} has two writers`;
    before = frame;
  }
  return undefined;
}

/** True for a frame by which somebody ends a run in place of whoever has it, if it begins an epoch. */
function isTermination({ events: [first, ...others] }: Frame): boolean {
  return first?.type === "Cancelled" && others.length === 0;
}

/** The frame by which somebody ended the run in place of whoever had it, if somebody did. */
export function terminationOf({ frames }: StoredRun): RecordedFrame | undefined {
  const [before, last] = [frames.at(-2), frames.at(-1)];
  return last !== undefined && last.epoch !== before?.epoch && isTermination(last)
    ? last
    : undefined;
}

/** I1: closed once, by the last event. */
function brokenEnd(frames: readonly RecordedFrame[]): string | undefined {
  const events = frames.flatMap((frame) => frame.events);
  const ends = events.filter(({ type }) => END.has(type));
  if (ends.length !== 1) return `I1: closed ${ends.length} times`;
  if (events.at(-1) !== ends[0]) return "I1: something follows the end";
  const { status } = frames.at(-1) as RecordedFrame;
  return isClosed(status) ? undefined : `I1: ends with status ${status}`;
}

const END = new Set<RunEvent["type"]>(["Completed", "Failed", "Crashed", "Cancelled", "Parked"]);

/** I3: one outcome for each step, timer and child; I8: attempts are counted without a gap. */
function brokenOutcome(frames: readonly RecordedFrame[]): string | undefined {
  const over = new Set<string>();
  const failed = new Map<string, number>();
  for (const event of frames.flatMap((frame) => frame.events)) {
    const id = commandOf(event);
    if (id === undefined) continue;
    if (over.has(id)) return `I3: ${event.type} of ${id} after its outcome`;
    if (OUTCOME.has(event.type)) over.add(id);
    if (!("attempt" in event)) continue;
    const attempt = (failed.get(id) ?? 0) + 1;
    if (event.attempt !== attempt) return `I8: ${id} has attempt ${event.attempt}, not ${attempt}`;
    if (event.type === "StepAttemptFailed") failed.set(id, attempt);
  }
  return undefined;
}

function commandOf(event: RunEvent): string | undefined {
  if ("attempt" in event) return `step ${event.step}`;
  if (event.type === "ChildSubmitted") return `child ${event.child}`;
  return event.type === "TimerSet" || event.type === "TimerFired"
    ? `timer ${event.timer}`
    : undefined;
}

const OUTCOME = new Set<RunEvent["type"]>([
  "StepCompleted",
  "StepFailed",
  "TimerFired",
  "ChildSubmitted",
]);

/** I6: every input up to the last one that is folded is there in its order, and each is folded once. */
function brokenInbox(
  frames: readonly RecordedFrame[],
  inbox: readonly StoredInput[],
): string | undefined {
  const expected = firstOfEach(inbox);
  const folded = frames.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "InputFolded" ? [event.sequence] : [])),
  );
  const sequences = expected.map(({ sequence }) => sequence).slice(0, folded.length);
  if (folded.join() !== sequences.join()) {
    return `I6: inputs ${folded.join()} are folded, and ${sequences.join()} were stored`;
  }
  const last = frames.at(-1)?.inboxFolded ?? 0;
  const left = expected.find(({ sequence }) => sequence <= last && !folded.includes(sequence));
  return left === undefined ? undefined : `I6: input ${left.sequence} was passed over`;
}

/** What reaches the flow of an inbox: no wakes, and nothing twice. */
export function firstOfEach(inbox: readonly StoredInput[]): readonly StoredInput[] {
  const ids = new Set<string>();
  return inbox.filter(({ inputId, body }) => {
    if (body.type === "Wake" || ids.has(inputId)) return false;
    ids.add(inputId);
    return true;
  });
}

/** Longer than all faults of a plan together can hold up a timer. */
const LATEST_MS = 45_000;

/** No timer fires early, nor is one forgotten. */
function brokenTimer(frames: readonly RecordedFrame[]): string | undefined {
  const due = new Map<string, number>();
  for (const event of frames.flatMap(({ events }) => events)) {
    if (event.type === "TimerSet") due.set(event.timer, event.fireAt);
    if (event.type !== "TimerFired") continue;
    const lateMs = event.at - (due.get(event.timer) ?? Number.POSITIVE_INFINITY);
    if (!(lateMs >= 0)) return `Timer ${event.timer} fires early by ${-lateMs} ms`;
    if (lateMs > LATEST_MS) return `Timer ${event.timer} fires late by ${lateMs} ms`;
  }
  return undefined;
}

/** What a failed saga did is undone before anything follows from its failure. */
function brokenSaga(frames: readonly RecordedFrame[]): string | undefined {
  const events = frames.flatMap((frame) => frame.events);
  const cancelled = events.findIndex(({ type }) => type === "CancelRequested");
  const unsure = new Set<string>();
  const completed = events.flatMap((event, at) => {
    if (event.type !== "StepCompleted") return [];
    // A flow that runs inside another puts its own name before that of its steps.
    const step = event.step.slice(event.step.lastIndexOf("/") + 1);
    // It was begun by the clean-up, or the cancellation overtook it, and it did not succeed for its flow.
    if (cancelled !== -1 && at > cancelled) unsure.add(step);
    return [step];
  });
  for (const undone of completed.filter((step) => step.includes(`${UNDONE}#`))) {
    const saga = undone.slice(0, undone.indexOf(UNDONE));
    const its = completed.filter((step) => step.startsWith(`${saga}-`) && step !== undone);
    const [undoing, done] = [its.filter(isUndoing), its.filter((step) => !isUndoing(step))];
    const isLeft = undoing.some((step) => count(undoing, step) > count(done, step));
    const surely = done.filter((step) => !unsure.has(step));
    const isMissing = surely.some((step) => count(surely, step) > count(undoing, step));
    if (isLeft || isMissing) return `${saga} did ${done.join()}, and undid ${undoing.join()}`;
    const late = undoing.find((step) => completed.indexOf(step) > completed.indexOf(undone));
    if (late !== undefined) return `${late} came after ${undone}`;
  }
  return undefined;
}

/** How many of these steps are of the same name as this one. */
function count(steps: readonly string[], step: string): number {
  return steps.filter((one) => nameOf(one) === nameOf(step)).length;
}

function isUndoing(step: string): boolean {
  return step.includes(".compensate#");
}

function nameOf(step: string): string {
  return step.slice(0, step.indexOf("#")).replace(".compensate", "");
}
