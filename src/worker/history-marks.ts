import type { RunEvent } from "../engine/run-event.ts";

/** Where the run was last given up in good order: what follows from the events before is published. */
export function lastGoodOrder(events: readonly RunEvent[]): number {
  return events.findLastIndex(({ type }) => type === "Suspended" || type === "Released");
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
  const isInOrder = last?.type === "Suspended" || last?.type === "Released";
  return last === undefined || isInOrder ? undefined : last.at;
}
