import type { FrameStatus } from "./frame.ts";
import type { Submission } from "./submission.ts";

/** Where a run is in its life, as a user sees it. */
export type RunStatus = Exclude<FrameStatus, "released"> | "pending";

/** A run that was given up in good order waits for the next worker, like one that nobody took up yet. */
export function runStatus(status: FrameStatus): RunStatus {
  return status === "released" ? "pending" : status;
}

/** That of a run which nobody took up yet. `now`: milliseconds since 1970. */
export function statusBeforeStart({ startAt }: Submission, now: number): "scheduled" | "pending" {
  return startAt > now ? "scheduled" : "pending";
}
