import { MillraceError } from "./millrace-error.ts";

/** A file is no run's bundle, or is damaged, cut off, or larger than it may be. The cause says why. */
export class BundleUnreadableError extends MillraceError {
  readonly code = "BUNDLE_UNREADABLE";

  constructor(name: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${name} cannot be read as a run's bundle: ${reason} Export the run again.`, { cause });
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

/** The blobs of a run do not fit into a bundle. Nothing was written. */
export class BundleTooLargeError extends MillraceError {
  readonly code = "BUNDLE_TOO_LARGE";

  constructor(limitBytes: number) {
    super(
      `The blobs of the run have more than ${limitBytes} bytes together, which a bundle does not take. Export it without them: they stay in their store.`,
    );
  }
}
