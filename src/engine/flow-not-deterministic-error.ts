import { MillraceError } from "./millrace-error.ts";

/** A flow used something that a replay does not get again; thrown by a worker with `determinismGuard: "throw"`. */
export class FlowNotDeterministicError extends MillraceError {
  readonly code = "FLOW_NOT_DETERMINISTIC";
  readonly runId: string;
  /** What was called, such as `Date.now()`. */
  readonly call: string;
  /** `<file>:<line>` of the call. */
  readonly place: string;

  constructor(runId: string, call: string, place: string, instead: string) {
    super(`${call} in flow code at ${place}: a replay of ${runId} gets something else. ${instead}`);
    this.runId = runId;
    this.call = call;
    this.place = place;
  }

  override get fatal(): boolean {
    return true;
  }
}
