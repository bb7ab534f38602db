import type { BlobRef } from "./payload.ts";

/** Where a run went that was put into the archive, as its submission says it. */
export interface ArchiveMark {
  /** The run's file. */
  readonly file: BlobRef;
  /** Milliseconds since 1970. */
  readonly archivedAt: number;
  /** When it was put back, in milliseconds since 1970; 0 for not. */
  readonly restoredAt: number;
}
