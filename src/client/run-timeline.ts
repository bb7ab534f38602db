import type { ActivationPeriod, Period, RunPeriods } from "../engine/run-periods.ts";
import type { RunState } from "../engine/run-state.ts";

/** One bar of a run's timeline. */
export type TimelineEntry = {
  readonly from: Date;
  /** Nothing while it goes on. */
  readonly to: Date | undefined;
} & (
  | {
      /** Due, and not taken up by a worker. */
      readonly kind: "queued";
    }
  | {
      readonly kind: "activation";
      readonly epoch: number;
      readonly worker: string;
      /** How it ended; `lost`: another worker took it over. Nothing while it goes on. */
      readonly end: ActivationPeriod["end"];
    }
  | {
      /** Nobody held it, for it only waited. */
      readonly kind: "waiting";
      readonly waits: readonly string[];
    }
  | {
      readonly kind: "attempt";
      readonly step: string;
      readonly attempt: number;
      readonly outcome: "running" | "completed" | "failed";
    }
  | { readonly kind: "timer"; readonly id: string }
  | { readonly kind: "child"; readonly id: string; readonly runId: string }
);

/** All that went on in a run, in the order in which it began. `queued`: from when it was due to its first activation. */
export function timelineOf(
  state: RunState,
  periods: RunPeriods,
  queued: Period,
): readonly TimelineEntry[] {
  const entries: TimelineEntry[] = [{ kind: "queued", ...datesOf(queued) }];
  for (const { epoch, worker, end, ...period } of periods.activations) {
    entries.push({ kind: "activation", epoch, worker, end, ...datesOf(period) });
  }
  for (const { waits, ...period } of periods.waits) {
    entries.push({ kind: "waiting", waits, ...datesOf(period) });
  }
  for (const { id, attempts } of state.steps.values()) {
    for (const { attempt, startedAt, endedAt, error } of attempts) {
      const outcome =
        endedAt === undefined ? "running" : error === undefined ? "completed" : "failed";
      const dates = datesOf({ from: startedAt, to: endedAt });
      entries.push({ kind: "attempt", step: id, attempt, outcome, ...dates });
    }
  }
  for (const [id, period] of periods.timers)
    entries.push({ kind: "timer", id, ...datesOf(period) });
  for (const { id, runId } of state.children.values()) {
    const period = periods.children.get(id);
    if (period !== undefined) entries.push({ kind: "child", id, runId, ...datesOf(period) });
  }
  return entries.toSorted((one, other) => one.from.getTime() - other.from.getTime());
}

function datesOf({ from, to }: Period): { readonly from: Date; readonly to: Date | undefined } {
  return { from: new Date(from), to: to === undefined ? undefined : new Date(to) };
}
