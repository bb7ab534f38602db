import { MillraceError } from "./millrace-error.ts";

/** The run's code threw. `cause` is what it threw, rebuilt: name, message, stack, own data and causes. */
export class RunFailedError extends MillraceError {
  readonly code = "RUN_FAILED";
  readonly runId: string;

  constructor(runId: string, cause: Error) {
    super(`Run ${runId} failed: ${cause.name}: ${cause.message}`, { cause });
    this.runId = runId;
  }
}

/** Workers died on the run until its crash budget was spent. `millrace resume` gives it a new one. */
export class RunCrashedError extends MillraceError {
  readonly code = "RUN_CRASHED";
  readonly runId: string;
  readonly crashes: number;

  constructor(runId: string, crashes: number) {
    super(
      `Run ${runId} was closed as crashed: ${crashes} workers died while they held it. ` +
        `Look for what kills them, then continue it with: millrace resume ${runId}`,
    );
    this.runId = runId;
    this.crashes = crashes;
  }
}

/** The run was cancelled before it completed. */
export class RunCancelledError extends MillraceError {
  readonly code = "RUN_CANCELLED";
  readonly runId: string;
  /** As whoever cancelled it said, or empty. */
  readonly reason: string;

  constructor(runId: string, reason: string) {
    super(`Run ${runId} was cancelled${reason === "" ? "" : `: ${reason}`}.`);
    this.runId = runId;
    this.reason = reason;
  }
}

/** No submission with this id is in the namespace. */
export class RunNotFoundError extends MillraceError {
  readonly code = "RUN_NOT_FOUND";
  readonly runId: string;

  constructor(runId: string, namespace: string) {
    super(
      `There is no run ${runId} in namespace ${namespace}. Check the id (<flow>:<key>) and the namespace.`,
    );
    this.runId = runId;
  }
}

/** A submission asked for a new run (`ifExists: "reject"`), and its key is taken. */
export class RunExistsError extends MillraceError {
  readonly code = "RUN_EXISTS";
  readonly runId: string;

  constructor(runId: string) {
    super(`Run ${runId} exists already. Attach to it, or submit with another key.`);
    this.runId = runId;
  }
}

/** The result did not come within the caller's time. The run goes on; ask again whenever you like. */
export class ResultTimeoutError extends MillraceError {
  readonly code = "RESULT_TIMEOUT";
  readonly runId: string;
  readonly status: string;

  constructor(runId: string, timeoutMs: number, status: string) {
    super(
      `Run ${runId} did not end within ${timeoutMs} ms; it is ${status}. It goes on: attach and wait again.`,
    );
    this.runId = runId;
    this.status = status;
  }
}

/** Only a parked, failed or crashed run can be resumed by hand. */
export class RunNotResumableError extends MillraceError {
  readonly code = "RUN_NOT_RESUMABLE";
  readonly runId: string;

  constructor(runId: string, status: string) {
    super(
      `Run ${runId} is ${status}, and only a parked, failed or crashed run can be resumed. There is nothing to do.`,
    );
    this.runId = runId;
  }
}

/** What was recorded of a run does not tell how it ended. */
export class RunNotEndedError extends MillraceError {
  readonly code = "RUN_NOT_ENDED";
  readonly runId: string;
  readonly status: string;

  constructor(runId: string, status: string) {
    super(`Run ${runId} was ${status} when it was exported: there is no result. Export it again.`);
    this.runId = runId;
    this.status = status;
  }
}

/** The run has ended: nothing that is sent to it is received any more. */
export class RunClosedError extends MillraceError {
  readonly code = "RUN_CLOSED";
  readonly runId: string;
  readonly status: string;

  constructor(runId: string, status: string) {
    super(
      `Run ${runId} is ${status}: it takes nothing any more. Submit a new one under another key.`,
    );
    this.runId = runId;
    this.status = status;
  }
}
