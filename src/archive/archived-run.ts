import { ArchiveFileError } from "../engine/archive-errors.ts";
import type { ArchivedEvent } from "../engine/archived-event.ts";
import type { BlobRef } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import { type RecordedRun, recordedRun, type StoredRun } from "../history/recorded-run.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Stored } from "../ports/run-log.ts";
import { readRunFile } from "./run-file.ts";
import { BUNDLE_FORMAT, type RunFile, type RunFileKind } from "./run-file-format.ts";

/** A run as it was in the log before it went to the archive. */
export interface ArchivedRunContent extends RecordedRun {
  readonly stored: StoredRun;
  readonly file: RunFile;
}

/**
 * Reads the file of a run in the archive, and checks it.
 * @throws {@link ArchiveFileError} when it is gone, damaged, or another run's; {@link BlobStoreError}
 */
export function readArchivedRun(
  payloads: Payloads,
  { file, submission: { runId } }: ArchivedEvent,
): Promise<ArchivedRunContent> {
  return readRunFrom(payloads, file, runId);
}

/** The same by the file's place. @throws {@link ArchiveFileError}, {@link BlobStoreError} */
export async function readRunFrom(
  payloads: Payloads,
  ref: BlobRef,
  runId: string,
): Promise<ArchivedRunContent> {
  try {
    return contentOf(await readRunFile(await payloads.fetchFile(ref)), runId);
  } catch (error) {
    // The store is away: that says nothing about the file.
    if (error instanceof BlobStoreError) throw error;
    throw new ArchiveFileError(runId, ref, error);
  }
}

/** What a run's file says. @throws Error when it is no whole run. */
export function contentOf(file: RunFile, runId: string): ArchivedRunContent {
  if (file.header.run !== runId) throw new Error(`It is the file of run ${file.header.run}.`);
  const stored = storedIn(file);
  const recorded = recordedRun(stored, runId);
  if (recorded === undefined) throw new Error("It has no submission.");
  if (recorded.frames.length === 0) throw new Error("It has no history.");
  return { ...recorded, stored, file };
}

/** The messages of a run's file by what they are. @throws Error when it has no submission, or two. */
export function storedIn({ header, messages }: RunFile): StoredRun {
  const partition = header.format === BUNDLE_FORMAT ? header.partition : 0;
  const stored = (wanted: RunFileKind): readonly Stored[] =>
    messages.flatMap(({ kind, ...message }) =>
      kind === wanted ? [{ ...message, partition }] : [],
    );
  const [submission, ...others] = stored("new");
  if (submission === undefined || others.length > 0) {
    throw new Error(`It has ${others.length === 0 ? "no submission" : "two submissions"}.`);
  }
  return { submission, inbox: stored("in"), history: stored("h") };
}
