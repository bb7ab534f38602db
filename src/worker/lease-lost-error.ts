import { MillraceError } from "../engine/millrace-error.ts";
import type { LostAppend } from "./append-frame.ts";

/** The run is no longer this worker's: the reason of its steps' `AbortSignal`. */
export class LeaseLostError extends MillraceError {
  readonly code = "LEASE_LOST";
}

/** Why an activation cannot write any more. */
export function leaseLost(result: LostAppend): LeaseLostError {
  switch (result.status) {
    case "superseded":
      return new LeaseLostError(
        `It was taken over by worker ${result.by.writer} (epoch ${result.by.epoch}). This worker drops it.`,
      );
    case "vanished":
      return new LeaseLostError("Its history was purged from the stream. This worker drops it.");
    case "closed":
      return new LeaseLostError("The connection was closed. Another worker will go on with it.");
  }
}
