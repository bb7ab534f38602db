import { MillraceError } from "./millrace-error.ts";

/** A run cannot be forked at this point. Nothing was changed, and no other run was made. */
export class RunNotForkableError extends MillraceError {
  readonly code = "RUN_NOT_FORKABLE";
  readonly runId: string;

  constructor(runId: string, reason: string) {
    super(`Run ${runId} cannot be forked there: ${reason}`);
    this.runId = runId;
  }
}
