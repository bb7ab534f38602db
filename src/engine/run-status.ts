import { type FrameStatus, isClosed } from "./frame.ts";
import type { Submission } from "./submission.ts";

/** Where a run is in its life, as a user sees it. */
export type RunStatus = Exclude<FrameStatus, "released"> | "pending";

/** All of them, in the order of a life. */
export const RUN_STATUSES = Object.freeze(
  Object.keys({
    scheduled: true,
    pending: true,
    running: true,
    suspended: true,
    "awaiting-retry": true,
    cancelling: true,
    parked: true,
    completed: true,
    failed: true,
    crashed: true,
    cancelled: true,
  } satisfies Record<RunStatus, true>) as readonly RunStatus[],
);

/** Those of runs that have not ended. */
export const OPEN_STATUSES = Object.freeze(RUN_STATUSES.filter((status) => !isClosed(status)));

/** Those of runs that have ended. */
export const CLOSED_STATUSES = Object.freeze(RUN_STATUSES.filter((status) => isClosed(status)));

/** A run that was given up in good order waits for the next worker, like one that nobody took up yet. */
export function runStatus(status: FrameStatus): RunStatus {
  return status === "released" ? "pending" : status;
}

/** That of a run which nobody took up yet. `now`: milliseconds since 1970. */
export function statusBeforeStart(
  { startAt }: Pick<Submission, "startAt">,
  now: number,
): "scheduled" | "pending" {
  return startAt > now ? "scheduled" : "pending";
}
