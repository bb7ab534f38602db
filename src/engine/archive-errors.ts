import { MillraceError } from "./millrace-error.ts";
import type { BlobRef } from "./payload.ts";

/** The run is in the archive: what was asked for needs its history in the log. */
export class RunArchivedError extends MillraceError {
  readonly code = "RUN_ARCHIVED";
  readonly runId: string;

  constructor(runId: string) {
    super(`Run ${runId} is in the archive. Put it back first: millrace archive restore ${runId}`);
    this.runId = runId;
  }
}

/** The run is not in the archive, so there is no file of it to read or to put back. */
export class RunNotArchivedError extends MillraceError {
  readonly code = "RUN_NOT_ARCHIVED";
  readonly runId: string;

  constructor(runId: string) {
    super(`Run ${runId} is not in the archive: all of it is in the log. There is nothing to do.`);
    this.runId = runId;
  }
}

/** A run's file cannot be read, or is not what was written. The cause says why. How the run ended is known all the same. */
export class ArchiveFileError extends MillraceError {
  readonly code = "ARCHIVE_FILE_ERROR";
  readonly runId: string;
  readonly store: string;
  readonly key: string;

  constructor(runId: string, { store, key }: BlobRef, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The file of run ${runId}, blob ${key} in store ${store}, cannot be read: ${reason} ` +
        "Bring the blob back from a copy; the log still has how the run ended.",
      { cause },
    );
    this.runId = runId;
    this.store = store;
    this.key = key;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A run that cannot be put back from the archive. Nothing was changed: its file can still be read. */
export class RunNotRestorableError extends MillraceError {
  readonly code = "RUN_NOT_RESTORABLE";
  readonly runId: string;

  constructor(runId: string, reason: string) {
    super(
      `Run ${runId} cannot be put back: ${reason} It stays in the archive, where it can be read.`,
    );
    this.runId = runId;
  }
}
