import type { Submission } from "../engine/submission.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import { chain, type RunHistory } from "./run-history.ts";

/** All that is recorded of one run, wherever it was read: in the log, in the archive, or in a file. */
export interface RecordedRun extends RunHistory {
  /** Its `runId` says whose it all is. */
  readonly submission: Submission;
  /** The whole inbox as it was stored, in order: what the history has folded, what it has not, and foreign bytes. */
  readonly inbox: readonly Stored[];
}

/** The same as its messages hold it, byte for byte: what a {@link RecordedRun} is made of. */
export interface StoredRun {
  readonly submission: Stored;
  readonly inbox: readonly Stored[];
  /** Foreign messages too, in order. */
  readonly history: readonly Stored[];
}

/** What the messages of a run say. Nothing when its submission is no submission, or another run's. */
export function recordedRun(stored: StoredRun, runId: string): RecordedRun | undefined {
  const decoded = decodeSubmission(stored.submission.data);
  if (decoded.kind !== "ok" || decoded.value.runId !== runId) return undefined;
  return { ...chain(stored.history), submission: decoded.value, inbox: stored.inbox };
}
