/** What went on in a run and when, ready to be drawn: a pure fold of its history. Times in milliseconds since 1970. */

import { isClosed } from "../engine/frame.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunId } from "../engine/run-id.ts";
import { foldPeriods, type RunPeriods } from "../engine/run-periods.ts";
import { foldFrames } from "../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../engine/run-status.ts";
import type { Submission } from "../engine/submission.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { stepRows } from "./step-rows.ts";
import { timelineMarks } from "./timeline-marks.ts";
import { barOf, type TimelineMark, type TimelineRow, type TimelineView } from "./timeline-row.ts";
import { timerRows } from "./timer-rows.ts";

/** A run as a picture of its time. */
export interface Timeline {
  readonly id: RunId;
  readonly status: RunStatus;
  readonly from: number;
  /** Its end, or the last that is recorded. */
  readonly to: number;
  /** In the order in which they began: the queue, the workers, then steps, timers and children. */
  readonly rows: readonly TimelineRow[];
  /** Moments that are worth a sign, in order. */
  readonly marks: readonly TimelineMark[];
}

export function timeline(run: RecordedRun): Timeline {
  const { submission, frames } = run;
  const state = foldFrames(frames);
  const periods = foldPeriods(frames);
  const events = frames.flatMap((frame) => frame.events);
  const isOver = state !== undefined && isClosed(state.status);
  const span = spanOf(submission, events);
  const view: TimelineView = { ...span, isOver, events };
  const rows = [
    ...runRows(submission, periods, view),
    ...[...stepRows(view), ...timerRows(view), ...childRows(run, periods, view)].toSorted(
      byBeginning,
    ),
  ];
  return {
    id: submission.runId,
    status:
      state === undefined
        ? statusBeforeStart(submission, submission.submittedAt)
        : runStatus(state.status),
    ...span,
    rows,
    marks: timelineMarks(events),
  };
}

/** Clocks may go back: the picture holds whatever is said to have happened. */
function spanOf({ submittedAt }: Submission, events: readonly RunEvent[]) {
  let [from, to] = [submittedAt, submittedAt];
  for (const event of events) {
    const began = "startedAt" in event ? event.startedAt : event.at;
    from = Math.min(from, event.at, began);
    to = Math.max(to, event.at);
  }
  return { from, to };
}

function runRows(
  { submittedAt }: Submission,
  { activations, waits }: RunPeriods,
  view: TimelineView,
): readonly TimelineRow[] {
  const taken = activations[0]?.from;
  const queued = barOf("queued", "waits for a worker", submittedAt, taken, view);
  const held = activations.map(({ from, to, epoch, worker, end }) => {
    const how = end === undefined ? "" : `, ${end}`;
    return barOf("held", `activation ${epoch} on ${worker}${how}`, from, to, view);
  });
  const waited = waits.map(({ from, to, waits: waitsFor }) =>
    barOf("suspended", `suspended: ${waitsFor.join(", ")}`, from, to, view),
  );
  const workers = new Set(activations.map(({ worker }) => worker));
  const rows: TimelineRow[] = [{ kind: "queue", label: "queue", bars: [queued], detail: "" }];
  if (held.length === 0) return rows;
  const bars = [...held, ...waited].toSorted((one, other) => one.from - other.from);
  const detail = workers.size === 1 ? [...workers].join("") : `${workers.size} workers`;
  return [...rows, { kind: "workers", label: "held", bars, detail }];
}

function childRows(
  { frames }: RecordedRun,
  { children }: RunPeriods,
  view: TimelineView,
): readonly TimelineRow[] {
  const runs = foldFrames(frames)?.children;
  return [...children].map(([id, { from, to }]) => {
    const runId = runs?.get(id)?.runId ?? "";
    const bars = [barOf("child", `run ${runId}`, from, to, view)];
    return { kind: "child", label: id, bars, detail: runId };
  });
}

function byBeginning(one: TimelineRow, other: TimelineRow): number {
  return (one.bars[0]?.from ?? 0) - (other.bars[0]?.from ?? 0);
}
