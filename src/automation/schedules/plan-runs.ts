import { fireAt, scheduledKey } from "../../engine/schedule-keys.ts";
import type { ScheduleRecord, ScheduleSpec } from "../../engine/schedule-spec.ts";
import { between, latestUpTo, nextAfter } from "../../expressions/cron.ts";

/**
 * What to do for a schedule now: which due times get a run, which do not and why, and the record that stands after it. No clock
 * and no I/O: whoever does it again after a crash, from the same record, submits the same runs under the same keys.
 *
 * - What was missed is decided on first and written down, before anything of it is submitted: a crash later changes nothing.
 * - All else is submitted first and written down after it: the key makes it one run.
 */
export function planRuns(record: ScheduleRecord, seen: Seen): RunPlan {
  const due = takeUp(record, seen.now);
  const { missed, inTime } = due;
  const started = { ...record, nextAt: due.nextAt };
  if (missed.length > 0 || due.older !== undefined) {
    return catchUp(started, due, seen.isNextSubmitted);
  }
  const waiting = [...(record.waiting ?? []), ...inTime];
  if (waiting.length === 0) return { ...NOTHING, next: due.isNew ? started : record };
  return inTurn(record, started, waiting, seen);
}

/** What is known beside the record. */
export interface Seen {
  /** Milliseconds since 1970, by the broker's clock. */
  readonly now: number;
  /** Whether the schedule's last run has not ended. */
  readonly isOpen: boolean;
  /** Whether the run of the record's `nextAt` was submitted: by one who died before it was written down. */
  readonly isNextSubmitted: boolean;
}

export interface RunPlan {
  /** To be submitted, in this order. */
  readonly submit: readonly number[];
  /** The last run is asked to stop. */
  readonly cancels: boolean;
  readonly skipped: readonly SkippedRuns[];
  /** What is written then; the record itself when there is nothing to write. */
  readonly next: ScheduleRecord;
  /** There is more to do at once, by the record that stands then. */
  readonly goesOn: boolean;
}

/** Due times that get no run. */
export interface SkippedRuns {
  readonly reason: SkipReason;
  readonly first: number;
  readonly last: number;
  /** Nothing where there were too many to count. */
  readonly count: number | undefined;
  /** What there is to say beside it. */
  readonly detail?: string;
}

/**
 * `missed`: nobody took it up in time, and catch-up leaves it out. `overlap`: the run before was open. `replaced`: a later one
 * waits in its place. `queue-full`: too many waited. `refused`: the flow takes no such input.
 */
export type SkipReason = "missed" | "overlap" | "replaced" | "queue-full" | "refused";

/** Most due times that are looked at or wait at once. */
export const MOST_AT_ONCE = 1_000;

const NOTHING = Object.freeze({ submit: [], cancels: false, skipped: [], goesOn: false });

/** True when the next due time is so late that it counts as missed. */
export function isNextMissed({ spec, nextAt }: ScheduleRecord, now: number): boolean {
  return isMissed(spec, nextAt, now);
}

interface TakenUp {
  readonly missed: readonly number[];
  readonly inTime: readonly number[];
  /** The first of those before all others, when there were too many to look at. */
  readonly older: number | undefined;
  readonly nextAt: number;
  readonly isNew: boolean;
}

/** The due times that have come, jitter included. */
function takeUp({ spec, nextAt }: ScheduleRecord, now: number): TakenUp {
  const nothing = { missed: [], inTime: [], older: undefined, nextAt, isNew: false };
  if (fireAt(spec, nextAt) > now) return nothing;
  const { timing } = spec;
  const first = between(timing, nextAt, now + 1, MOST_AT_ONCE + 1);
  const isTooMany = first.length > MOST_AT_ONCE;
  const all = isTooMany ? latestUpTo(timing, now, MOST_AT_ONCE) : first;
  const waits = all.findIndex((at) => fireAt(spec, at) > now);
  const come = waits === -1 ? all : all.slice(0, waits);
  const after = nextAfter(timing, come.at(-1) ?? now);
  return {
    missed: come.filter((at) => isMissed(spec, at, now)),
    inTime: come.filter((at) => !isMissed(spec, at, now)),
    older: isTooMany ? nextAt : undefined,
    nextAt: all[waits] ?? after ?? LAST_TIME,
    isNew: true,
  };
}

function isMissed(spec: ScheduleSpec, dueAt: number, now: number): boolean {
  return now - fireAt(spec, dueAt) > spec.catchUp.graceMs;
}

function catchUp(started: ScheduleRecord, due: TakenUp, isNextSubmitted: boolean): RunPlan {
  const { spec } = started;
  const { older, inTime } = due;
  const isDone = isNextSubmitted && older === undefined;
  const missed = isDone ? due.missed.slice(1) : due.missed;
  const come = [...missed, ...inTime];
  const { mode, limit } = spec.catchUp;
  // Those in time are run in any case, but not beside a newer one that stands for all.
  const kept =
    mode === "skip" ? inTime : come.slice(mode === "latest" ? -1 : -Math.max(limit, inTime.length));
  const left = come.slice(0, come.length - kept.length);
  const { waiting, dropped } = line(started, kept);
  const first = older ?? left[0];
  const record = {
    ...waitsFor(started, waiting),
    ...(isDone ? lastOf(spec, due.missed[0] ?? started.nextAt) : {}),
  };
  const passedOver: SkippedRuns[] =
    first === undefined
      ? []
      : [
          {
            reason: "missed",
            first,
            last: left.at(-1) ?? first,
            count: older === undefined ? left.length : undefined,
          },
        ];
  return {
    submit: [],
    cancels: false,
    skipped: [...passedOver, ...skips("queue-full", dropped)],
    next: record,
    goesOn: true,
  };
}

/** What has its turn, by whether the run before is open. */
function inTurn(
  record: ScheduleRecord,
  started: ScheduleRecord,
  all: readonly number[],
  { isOpen }: Seen,
): RunPlan {
  const { spec } = started;
  const [first = 0, ...rest] = all;
  const newest = all.at(-1) ?? first;
  const older = all.slice(0, -1);
  switch (spec.overlap) {
    case "allow":
      return submits(started, all, []);
    case "skip":
      return isOpen
        ? { ...NOTHING, skipped: skips("overlap", all), next: waitsFor(started, []) }
        : { ...submits(started, [first], []), skipped: skips("overlap", rest) };
    case "queue": {
      if (!isOpen) return submits(started, [first], rest);
      const { waiting, dropped } = line({ ...started, waiting: [] }, all);
      const next = waitsFor(started, waiting);
      return { ...NOTHING, skipped: skips("queue-full", dropped), next: sameOr(record, next) };
    }
    case "cancel-previous": {
      const skipped = skips("replaced", older);
      if (!isOpen) return { ...submits(started, [newest], []), skipped };
      const next = sameOr(record, waitsFor(started, [newest]));
      return { ...NOTHING, cancels: next !== record, skipped, next };
    }
  }
}

function submits(
  started: ScheduleRecord,
  submit: readonly number[],
  waiting: readonly number[],
): RunPlan {
  const last = submit.at(-1) ?? started.nextAt;
  const next = { ...waitsFor(started, waiting), ...lastOf(started.spec, last) };
  return { submit, cancels: false, skipped: [], next, goesOn: false };
}

function lastOf(spec: ScheduleSpec, dueAt: number) {
  return { lastRun: `${spec.flow}:${scheduledKey(spec.name, dueAt)}`, lastDueAt: dueAt };
}

function waitsFor(record: ScheduleRecord, waiting: readonly number[]): ScheduleRecord {
  const { waiting: _, ...rest } = record;
  return waiting.length === 0 ? rest : { ...rest, waiting };
}

/** With nothing new to write: neither a due time has come nor one that waited gone. */
function sameOr(before: ScheduleRecord, after: ScheduleRecord): ScheduleRecord {
  const isSame = before.nextAt === after.nextAt && before.waiting?.length === after.waiting?.length;
  return isSame ? before : after;
}

function line(record: ScheduleRecord, more: readonly number[]) {
  const all = [...(record.waiting ?? []), ...more];
  return { waiting: all.slice(0, MOST_AT_ONCE), dropped: all.slice(MOST_AT_ONCE) };
}

function skips(reason: SkipReason, times: readonly number[]): readonly SkippedRuns[] {
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return [];
  return [{ reason, first, last, count: times.length }];
}

const LAST_TIME = 8_640_000_000_000_000;
