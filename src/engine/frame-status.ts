import type { FrameStatus } from "./frame.ts";
import type { RunEvent } from "./run-event.ts";
import { outcomeOf } from "./run-outcome.ts";

/** The status that a frame with these events says its run to have. */
export function frameStatus(
  events: readonly RunEvent[],
  run: {
    /** A delayed start is all that it waits for. */
    readonly isScheduled: boolean;
    readonly isToStop: boolean;
    readonly isExecuting: boolean;
  },
): FrameStatus {
  const last = events.at(-1);
  const outcome = last === undefined ? undefined : outcomeOf([last]);
  if (outcome !== undefined) return outcome.status;
  if (last?.type === "Parked") return "parked";
  if (last?.type === "Released") return "released";
  if (last?.type === "Suspended") return run.isScheduled ? "scheduled" : "suspended";
  if (run.isToStop) return "cancelling";
  return last?.type === "StepAttemptFailed" && !run.isExecuting ? "awaiting-retry" : "running";
}
