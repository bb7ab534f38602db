import { foldPeriods, type RunPeriods } from "../engine/run-periods.ts";
import { foldFrames, type RunState } from "../engine/run-state.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { timerPeriods } from "./timer-rows.ts";

/** How long a part of a run took. */
export interface Timing {
  /** From its beginning to its end, retries and their waits included; nothing while it goes on. */
  readonly ms: number | undefined;
  /** Of a step, at least 1. */
  readonly attempts?: number;
}

/** One part of two runs side by side. */
export interface TimingRow {
  readonly kind: "step" | "timer" | "child";
  readonly id: string;
  readonly a: Timing | undefined;
  readonly b: Timing | undefined;
  /** How many times as long it took in the second run; nothing where that says nothing. */
  readonly ratio: number | undefined;
  /** True when it is the very same one: it ended in the past that the two runs share. */
  readonly isShared: boolean;
}

/** Where the time of a run went, in milliseconds. */
export interface RunTimings {
  /** From its submission to its end, or to the last that is recorded. */
  readonly totalMs: number;
  /** Until a worker took it up. */
  readonly queuedMs: number;
  /** Held by a worker. */
  readonly heldMs: number;
  /** Held by nobody because it only waited. */
  readonly suspendedMs: number;
}

export function timingsOf({ submission, frames }: RecordedRun): RunTimings {
  const { activations, waits } = foldPeriods(frames);
  const events = frames.flatMap((frame) => frame.events);
  const last = events.reduce((latest, { at }) => Math.max(latest, at), submission.submittedAt);
  const first = activations[0]?.from ?? last;
  const lasting = (
    periods: readonly { readonly from: number; readonly to: number | undefined }[],
  ) => periods.reduce((sum, { from, to = last }) => sum + Math.max(0, to - from), 0);
  return {
    totalMs: last - submission.submittedAt,
    queuedMs: Math.max(0, first - submission.submittedAt),
    heldMs: lasting(activations),
    suspendedMs: lasting(waits),
  };
}

/** Steps, timers and children of two runs, in the order in which the first one has them.. */
export function timingRows(
  a: RecordedRun,
  b: RecordedRun,
  sharedEvents: number,
): readonly TimingRow[] {
  const [partsA, partsB] = [partsOf(a), partsOf(b)];
  const shared = partsOf({ ...a, frames: upTo(a, sharedEvents) });
  const rows: TimingRow[] = [];
  for (const [key, one] of new Map([...partsA, ...partsB])) {
    const [timingA, timingB] = [partsA.get(key)?.timing, partsB.get(key)?.timing];
    rows.push({
      kind: one.kind,
      id: one.id,
      a: timingA,
      b: timingB,
      ratio: ratioOf(timingA?.ms, timingB?.ms),
      isShared: shared.get(key)?.timing.ms !== undefined,
    });
  }
  return rows;
}

function ratioOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || a === 0 ? undefined : b / a;
}

/** The frames of the first events. */
function upTo({ frames }: RecordedRun, events: number): RecordedRun["frames"] {
  let left = events;
  return frames.flatMap((frame) => {
    const kept = frame.events.slice(0, Math.max(0, left));
    left -= frame.events.length;
    return kept.length === 0 ? [] : [{ ...frame, events: kept }];
  });
}

interface Part {
  readonly kind: TimingRow["kind"];
  readonly id: string;
  readonly timing: Timing;
}

function partsOf({ frames }: Pick<RecordedRun, "frames">): ReadonlyMap<string, Part> {
  const state = foldFrames(frames);
  const timers = timerPeriods(frames.flatMap(({ events }) => events));
  const parts = [...stepParts(state), ...periodParts(timers, foldPeriods(frames))];
  return new Map(parts.map((part) => [`${part.kind} ${part.id}`, part]));
}

function stepParts(state: RunState | undefined): readonly Part[] {
  return [...(state?.steps.values() ?? [])].map(({ id, status, attempts }) => {
    const isOver = status === "completed" || status === "failed";
    const from = attempts[0]?.startedAt ?? 0;
    const to = isOver ? attempts.at(-1)?.endedAt : undefined;
    return { kind: "step", id, timing: { ms: lengthOf({ from, to }), attempts: attempts.length } };
  });
}

function periodParts(timers: ReadonlyMap<string, Span>, { children }: RunPeriods): readonly Part[] {
  const part =
    (kind: Part["kind"]) =>
    ([id, period]: readonly [string, Span]): Part => ({
      kind,
      id,
      timing: { ms: lengthOf(period) },
    });
  return [...[...timers].map(part("timer")), ...[...children].map(part("child"))];
}

interface Span {
  readonly from: number;
  readonly to: number | undefined;
}

/** Workers' clocks may differ: nothing takes less than no time. */
function lengthOf({ from, to }: Span): number | undefined {
  return to === undefined ? undefined : Math.max(0, to - from);
}
