import type { RunEvent } from "../engine/run-event.ts";
import { START_TIMER } from "../engine/step-id.ts";
import { barOf, type TimelineRow, type TimelineView } from "./timeline-row.ts";

/** A row for each sleep, and for each receive that had a deadline. */
export function timerRows(view: TimelineView): readonly TimelineRow[] {
  return [...timerPeriods(view.events)].map(([id, { from, to }]) => {
    if (isSleep(id)) {
      const label = id === START_TIMER ? "start" : id;
      return { kind: "timer", label, bars: [barOf("timer", "sleeps", from, to, view)], detail: "" };
    }
    const bars = [barOf("receive", `waits for signal ${signalOf(id)}`, from, to, view)];
    return { kind: "receive", label: id, bars, detail: "" };
  });
}

/** When something waited for its time or for a signal. */
export interface TimerPeriod {
  readonly from: number;
  /** When its time came, its signal, or a cancellation; nothing while it waits. */
  readonly to: number | undefined;
}

/** The timers of a run by their ids; a receive's never fires when its signal comes. */
export function timerPeriods(events: readonly RunEvent[]): ReadonlyMap<string, TimerPeriod> {
  const timers = new Map<string, TimerPeriod>();
  const receives = new Map<string, string[]>();
  const end = (id: string | undefined, at: number): void => {
    const timer = id === undefined ? undefined : timers.get(id);
    if (id !== undefined && timer?.to === undefined && timer !== undefined) {
      timers.set(id, { ...timer, to: at });
    }
  };
  for (const event of events) {
    switch (event.type) {
      case "TimerSet": {
        timers.set(event.timer, { from: event.at, to: undefined });
        const signal = signalOf(event.timer);
        receives.set(signal, [...(receives.get(signal) ?? []), event.timer]);
        break;
      }
      case "TimerFired":
        end(event.timer, event.at);
        break;
      case "InputFolded":
        // It goes to whoever asked for it first.
        if (event.kind === "signal") {
          end(
            receives.get(event.name)?.find((id) => timers.get(id)?.to === undefined),
            event.at,
          );
        }
        break;
      case "CancelRequested":
        for (const id of timers.keys()) end(id, event.at);
        break;
      default:
        break;
    }
  }
  return timers;
}

/** `approval` of `inner#1/approval#2!1`. */
function signalOf(id: string): string {
  return id.slice(id.search(/[^/]*$/)).replace(/#\d+(!\d+)?$/, "");
}

function isSleep(id: string): boolean {
  return id === START_TIMER || signalOf(id) === "sleep";
}
