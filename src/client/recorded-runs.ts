import type { ArchiveHost } from "../archive/archive-host.ts";
import { readArchivedRun, readRunFrom } from "../archive/archived-run.ts";
import { findSubmission } from "../archive/find-submission.ts";
import { type ArchivedEvent, archivedIn } from "../engine/archived-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { type RecordedRun, recordedRun, type StoredRun } from "../history/recorded-run.ts";
import { readSureHead } from "../history/run-head.ts";

/** A run with where it was read. */
export interface ReadRun extends RecordedRun {
  /** Its messages, as they were stored. */
  readonly stored: StoredRun;
  /** Set for a run in the archive. */
  readonly archived: ArchivedEvent | undefined;
}

/**
 * Reads all that is recorded of a run, in the log or in the archive, as it was at one moment: its history up to the head, and an
 * inbox with everything that this history has folded. Nothing when there is no such run.
 * @throws {@link ArchiveFileError} when it is in the archive and its file cannot be read; {@link BrokerError}
 */
export async function readRecordedRun(
  host: ArchiveHost,
  run: RunRef,
): Promise<ReadRun | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    const read = await readOnce(host, run);
    if (read !== "moved") return read;
  }
  throw new BrokerError(
    `Run ${run.id} goes to the archive or comes back while it is read. Try again.`,
  );
}

const LOOKS = 5;

async function readOnce(host: ArchiveHost, run: RunRef): Promise<ReadRun | undefined | "moved"> {
  const { payloads } = host;
  const { log } = host.broker;
  const { frame, last } = await readSureHead(log, run);
  const archived = archivedIn(frame);
  if (archived !== undefined) return { ...(await readArchivedRun(payloads, archived)), archived };

  const queue = frame?.queue ?? run.flow;
  const [found, history] = await Promise.all([
    findSubmission(log, run, queue),
    last === 0 ? [] : log.history(run, last),
  ]);
  // It was rolled up since: the archive's frame stands behind what was asked for.
  if ((history.at(-1)?.sequence ?? 0) !== last) return "moved";
  if (found === undefined) return undefined;
  const mark = found.submission.archived;
  if (mark?.restoredAt === 0) {
    if (frame === undefined) return "moved";
    // Whoever puts it back has not come to its submission yet.
    const { stored } = await readRunFrom(payloads, mark.file, run.id);
    return readIn(run, { ...stored, inbox: await log.inbox(run, queue, 0), history });
  }
  // Read last: whatever the history has folded was there before it (I6).
  const inbox = await log.inbox(run, frame?.queue ?? found.submission.queue, 0);
  return readIn(run, { submission: found.stored, inbox, history });
}

function readIn(run: RunRef, stored: StoredRun): ReadRun | undefined {
  const recorded = recordedRun(stored, run.id);
  return recorded === undefined ? undefined : { ...recorded, stored, archived: undefined };
}
