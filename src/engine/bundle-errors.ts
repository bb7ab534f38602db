import { MillraceError } from "./millrace-error.ts";

/** A file is no run's bundle, or is damaged, cut off, or larger than it may be. The cause says why. */
export class BundleUnreadableError extends MillraceError {
  readonly code = "BUNDLE_UNREADABLE";

  constructor(name: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `${name} cannot be read as a run's bundle: ${reason.replace(/\.?$/, ".")} Export the run again.`,
      { cause },
    );
  }

  override get fatal(): boolean {
    return true;
  }
}

/** What was to be redacted cannot be taken out of all that a bundle holds. Nothing was written. */
export class RedactionError extends MillraceError {
  readonly code = "REDACTION_FAILED";

  constructor(what: string) {
    super(`${what} Nothing was written.`);
  }
}

/** An imported run is there to be looked at: it never goes on. */
export class RunImportedError extends MillraceError {
  readonly code = "RUN_IMPORTED";
  readonly runId: string;

  constructor(runId: string) {
    super(
      `Run ${runId} was imported: it is a copy of what was recorded elsewhere, and is not resumed. Fork it to go on: millrace fork ${runId}`,
    );
    this.runId = runId;
  }
}

/** A run of a bundle that cannot be put into the log. Nothing that executes was changed. */
export class RunNotImportableError extends MillraceError {
  readonly code = "RUN_NOT_IMPORTABLE";
  readonly runId: string;

  constructor(runId: string, reason: string) {
    super(`Run ${runId} cannot be imported: ${reason} Its bundle can be read as it is.`);
    this.runId = runId;
  }
}

/** The blobs of a run do not fit into a bundle. Nothing was written. */
export class BundleTooLargeError extends MillraceError {
  readonly code = "BUNDLE_TOO_LARGE";

  constructor(limitBytes: number) {
    super(
      `The blobs of the run have more than ${limitBytes} bytes together, which a bundle does not take. Export it without them: they stay in their store.`,
    );
  }
}
