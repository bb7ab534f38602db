import type { BlobRef } from "./payload.ts";
import type { Submission } from "./submission.ts";

/**
 * What stays in the log of a run in the archive, beside how it ended: its submission without the input, and what a reader of the
 * whole history would have counted. So whoever reads only this knows as much of the run as whoever followed it (I10).
 */
export interface ArchivedRun {
  readonly file: BlobRef;
  /** Milliseconds since 1970. */
  readonly archivedAt: number;
  readonly submission: Submission;
  /** The last inbox sequence that is in the file. */
  readonly inboxUpTo: number;
  /** Milliseconds since 1970. */
  readonly runStartedAt: number;
  readonly takeOvers: number;
  readonly crashes: number;
  readonly version: string;
  /** Empty when nobody asked it to stop. */
  readonly cancelReason: string;
}
