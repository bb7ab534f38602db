import { ArchiveFileError } from "../engine/archive-errors.ts";
import type { ArchivedEvent } from "../engine/archived-event.ts";
import type { BlobRef } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { Submission } from "../engine/submission.ts";
import { chain, type RunHistory } from "../history/run-history.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import { type RunFile, readRunFile } from "./run-file.ts";

/** A run as it was in the log before it went to the archive. */
export interface ArchivedRunContent extends RunHistory {
  readonly submission: Submission;
  /** Its whole inbox. */
  readonly inbox: readonly Stored[];
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
  const [submitted] = file.messages.filter(({ kind }) => kind === "new");
  const decoded = submitted === undefined ? undefined : decodeSubmission(submitted.data);
  if (decoded?.kind !== "ok" || decoded.value.runId !== runId) {
    throw new Error("It has no submission.");
  }
  const stored = (wanted: "in" | "h"): readonly Stored[] =>
    file.messages.flatMap(({ kind, ...message }) =>
      kind === wanted ? [{ ...message, partition: 0 }] : [],
    );
  const history = chain(stored("h"));
  if (history.frames.length === 0) throw new Error("It has no history.");
  return { ...history, submission: decoded.value, inbox: stored("in"), file };
}
