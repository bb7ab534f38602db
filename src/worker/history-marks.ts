import type { RunEvent } from "../engine/run-event.ts";

/**
 * Where the run was last given up in good order: what follows from the events before is published, or is another run's to
 * publish, if it was copied from there.
 */
export function lastGoodOrder(events: readonly RunEvent[]): number {
  return events.findLastIndex(isInGoodOrder);
}

function isInGoodOrder({ type }: RunEvent): boolean {
  return type === "Suspended" || type === "Released" || type === "Forked";
}

/** True for what may change what the flow does next. */
export function isShown({ type }: RunEvent): boolean {
  switch (type) {
    case "Activated":
    case "Released":
    case "Suspended":
    case "Resumed":
    case "Annotated":
    case "Patched":
    case "Forked":
      return false;
    default:
      return true;
  }
}

/** True when nobody ever called the run's function, going by its history. */
export function isUncalled(events: readonly RunEvent[]): boolean {
  return events.every((event) => event.type === "Activated" && event.reason === "submitted");
}

/**
 * The time of the last event before this activation, if the one before it did not end in good order: what it had begun then may
 * have been done, and nothing says so.
 */
export function interruptedAt(history: readonly RunEvent[], epoch: number): number | undefined {
  const last = history.findLast((event) => event.type !== "Activated" || event.epoch !== epoch);
  return last === undefined || isInGoodOrder(last) ? undefined : last.at;
}
