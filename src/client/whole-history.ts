import { type ArchivedRunContent, readArchivedRun } from "../archive/archived-run.ts";
import { type ArchivedEvent, archivedIn } from "../engine/archived-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { type RunHistory, readHistory, withHead } from "../history/run-history.ts";
import type { ClientHost } from "./client-host.ts";

/** All that is stored of a run, in the log or in the archive. */
export interface WholeHistory extends RunHistory {
  readonly submission: Submission;
  /** Set for a run in the archive. */
  readonly archived: ArchivedEvent | undefined;
}

/**
 * @throws {@link ArchiveFileError} when it is in the archive and its file cannot be read.
 */
export async function readWholeHistory(
  { broker: { log }, payloads }: ClientHost,
  run: RunRef,
): Promise<WholeHistory | undefined> {
  const head = await readHead(log, run);
  const archived = archivedIn(head.frame);
  if (archived !== undefined) {
    const { submission, frames, foreign }: ArchivedRunContent = await readArchivedRun(
      payloads,
      archived,
    );
    return { submission, frames, foreign, archived };
  }
  const [submission, history] = await Promise.all([
    readSubmission(log, run, head.frame?.queue),
    readHistory(log, run, head.last),
  ]);
  return submission === undefined
    ? undefined
    : { submission, ...withHead(history, head.frame), archived };
}
