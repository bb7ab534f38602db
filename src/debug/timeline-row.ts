import type { RunEvent } from "../engine/run-event.ts";

/** One line of the picture of a run. */
export interface TimelineRow {
  readonly kind: "queue" | "workers" | "step" | "timer" | "receive" | "child" | "folded";
  readonly label: string;
  readonly bars: readonly TimelineBar[];
  /** A few words at the end of the row: `3 attempts`. */
  readonly detail: string;
}

/** Never shorter than nothing: `to` is at or after `from`, whatever the clocks of the workers said. */
export interface TimelineBar {
  readonly kind: BarKind;
  readonly from: number;
  readonly to: number;
  /** True while it goes on: `to` is then the end of the picture. */
  readonly isOpen: boolean;
  /** What it is, in words. */
  readonly text: string;
}

export type BarKind =
  /** Due, and no worker had taken it up. */
  | "queued"
  | "held"
  /** Held by nobody, for it only waited. */
  | "suspended"
  /** Attempts of steps; `lost`: its worker died, and how far it came is not known. */
  | "completed"
  | "failed"
  | "running"
  | "lost"
  /** Until the next attempt. */
  | "retry"
  | "timer"
  | "receive"
  | "child";

export interface TimelineMark {
  readonly kind: "take-over" | "signal" | "cancel" | "parked" | "resumed" | "forked" | "patch";
  readonly at: number;
  readonly text: string;
}

/** What rows are made of. */
export interface TimelineView {
  readonly from: number;
  readonly to: number;
  /** True when nothing can go on any more. */
  readonly isOver: boolean;
  readonly events: readonly RunEvent[];
}

/** A bar of the picture: what has no end goes on, or went on to the end of the run. */
export function barOf(
  kind: BarKind,
  text: string,
  from: number,
  to: number | undefined,
  view: TimelineView,
): TimelineBar {
  return {
    kind,
    text,
    from,
    to: Math.max(from, to ?? view.to),
    isOpen: to === undefined && !view.isOver,
  };
}
