import type { Frame } from "./frame.ts";
import type { BlobRef } from "./payload.ts";
import type { RunEvent } from "./run-event.ts";
import type { Submission } from "./submission.ts";

/** Where a run went that was put into the archive, as its submission says it. */
export interface ArchiveMark {
  /** The run's file. */
  readonly file: BlobRef;
  /** Milliseconds since 1970. */
  readonly archivedAt: number;
  /** When it was put back, in milliseconds since 1970; 0 for not. */
  readonly restoredAt: number;
}

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

export type ArchivedEvent = Extract<RunEvent, { type: "Archived" }>;

/** What the frame says of the archive, if its run is there. */
export function archivedIn(frame: Pick<Frame, "events"> | undefined): ArchivedEvent | undefined {
  const first = frame?.events[0];
  return first?.type === "Archived" ? first : undefined;
}
