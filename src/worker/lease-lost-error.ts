import { MillraceError } from "../engine/millrace-error.ts";

/** The run is no longer this worker's: the reason of its steps' `AbortSignal`. */
export class LeaseLostError extends MillraceError {
  readonly code = "LEASE_LOST";
}
