import { type Frame, isActive, isClosed, type RecordedFrame } from "../../../src/engine/frame.ts";
import type { RunEvent } from "../../../src/engine/run-event.ts";
import { chain } from "../../../src/history/run-history.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import type { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { decodeFrame } from "../../../src/wire/frame-codec.ts";
import { decodeInput } from "../../../src/wire/input-codec.ts";

/** The messages of each run's history. */
export function historiesIn(messages: readonly Stored[]): ReadonlyMap<string, readonly Stored[]> {
  const histories = new Map<string, Stored[]>();
  for (const message of messages) {
    const [, , , kind, ...rest] = message.subject.split(".");
    if (kind !== "h") continue;
    const run = rest.join(".");
    histories.set(run, [...(histories.get(run) ?? []), message]);
  }
  return histories;
}

/** What a finished history breaks of DESIGN section 5, or nothing. */
export function brokenBy(history: readonly Stored[]): string | undefined {
  const { frames, foreign } = chain(history);
  if (foreign.length > 0) return `I2: ${foreign[0]?.reason}`;
  return brokenEpoch(frames) ?? brokenEnd(frames) ?? brokenOutcome(frames);
}

/** I2: one writer an epoch, each epoch one more than the one before it, opened by its `Activated`. */
function brokenEpoch(frames: readonly RecordedFrame[]): string | undefined {
  let before: Frame | undefined;
  for (const frame of frames) {
    const opened = frame.events.filter((event) => event.type === "Activated").length;
    const isNew = frame.epoch !== before?.epoch;
    if (isNew && frame.epoch !== (before?.epoch ?? 0) + 1) return `I2: epoch ${frame.epoch} jumps`;
    if (opened !== (isNew ? 1 : 0)) return `I2: epoch ${frame.epoch} is opened ${opened} times`;
    if (!isNew && frame.writer !== before?.writer)
      return `I2: epoch ${frame.epoch} has two writers`;
    before = frame;
  }
  return undefined;
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

/** I3: one outcome for each step and timer; I8: attempts are counted without a gap. */
function brokenOutcome(frames: readonly RecordedFrame[]): string | undefined {
  const over = new Set<string>();
  const failed = new Map<string, number>();
  for (const event of frames.flatMap((frame) => frame.events)) {
    const id = "step" in event ? event.step : "timer" in event ? event.timer : "";
    if (!("attempt" in event) && event.type !== "TimerFired" && event.type !== "TimerSet") continue;
    if (over.has(id)) return `I3: ${event.type} of ${id} after its outcome`;
    if (OUTCOME.has(event.type)) over.add(id);
    if (!("attempt" in event)) continue;
    const attempt = (failed.get(id) ?? 0) + 1;
    if (event.attempt !== attempt) return `I8: ${id} has attempt ${event.attempt}, not ${attempt}`;
    if (event.type === "StepAttemptFailed") failed.set(id, attempt);
  }
  return undefined;
}

const OUTCOME = new Set<RunEvent["type"]>(["StepCompleted", "StepFailed", "TimerFired"]);

/** I4: a run whose head is active while neither its token nor a wake in its place is left to be acked, if there is one. */
export function tokenlessRun(broker: MemoryBroker): string | undefined {
  const unacked = broker.unacked();
  for (const [run, history] of historiesIn(broker.messages())) {
    const last = history.at(-1);
    const head = last === undefined ? undefined : decodeFrame(last.data);
    if (head?.kind !== "ok" || !isActive(head.value.status)) continue;
    const { token } = head.value;
    if (!unacked.some((message) => standsFor(message, token))) return `${run} lost token ${token}`;
  }
  return undefined;
}

function standsFor(message: Stored, token: number): boolean {
  if (message.sequence === token) return true;
  if (message.subject.split(".")[3] !== "in") return false;
  const input = decodeInput(message.data);
  if (input.kind !== "ok" || input.value.body.type !== "Wake") return false;
  return input.value.body.replaces.includes(token);
}
