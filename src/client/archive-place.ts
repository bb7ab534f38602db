import type { ArchivedEvent } from "../engine/archived-event.ts";
import type { BlobRef } from "../engine/payload.ts";

/** Where a run in the archive is, and since when. */
export interface ArchivePlace {
  readonly file: BlobRef;
  readonly archivedAt: Date;
}

export function archivePlace({ file, archivedAt }: ArchivedEvent): ArchivePlace {
  return { file, archivedAt: new Date(archivedAt) };
}
