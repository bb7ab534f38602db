/**
 * Moves a closed run into the archive. Each step is durable before the next one, and a crash between two leaves a run that
 * reads as before, for whoever comes next to go on:
 *
 * 1. The file is in the blob store, and was read back (I9).
 * 2. One frame takes the place of the history, if its head still is the one that was read (I2). From here on the run is in the
 *    archive: the frame says where, and how the run ended.
 * 3. The inbox is cleared up to what is in the file.
 * 4. A mark takes the place of the submission. It stays for ever: the key is used (I1).
 */
import { type ArchivedEvent, archivedIn } from "../engine/archived-event.ts";
import { isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import { foldFrames, type RunState } from "../engine/run-state.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { readSureHead } from "../history/run-head.ts";
import { chain, type RunHistory } from "../history/run-history.ts";
import { tellWhoWaits } from "../history/tell-closed.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import type { ArchiveHost } from "./archive-host.ts";
import { archivedFrame } from "./archived-frame.ts";
import { contentOf } from "./archived-run.ts";
import { type FoundSubmission, findSubmission } from "./find-submission.ts";
import { fileMessage, readRunFile, writeRunFile } from "./run-file.ts";
import { RUN_FILE_FORMAT } from "./run-file-format.ts";

/** What came of it. A run that is skipped was not changed. */
export type ArchiveOutcome =
  | { readonly status: "archived"; readonly archived: ArchivedEvent }
  /** It was there before, whole. */
  | { readonly status: "was archived"; readonly archived: ArchivedEvent }
  | { readonly status: "skipped"; readonly reason: SkipReason };

export type SkipReason =
  /** It has not ended, or there is no such run. */
  | "open"
  /** It ended, or was put back, too short a time ago. */
  | "recent"
  /** Somebody asked to resume it. */
  | "resuming"
  /** It went on while it was being archived, or somebody else archives it. */
  | "changed"
  /** How it ended fits in no message together with where its file is. */
  | "too large";

/**
 * Archives a run that ended at least `olderThanMs` ago, or goes on with what somebody left undone.
 * @throws {@link BrokerError}, {@link BlobStoreError} and the errors of what is read: try again. Nothing is lost.
 */
export async function archiveRun(
  host: ArchiveHost,
  run: RunRef,
  olderThanMs: number,
): Promise<ArchiveOutcome> {
  const { log } = host.broker;
  const { frame, last } = await readSureHead(log, run);
  if (frame === undefined || !isClosed(frame.status)) return skipped("open");
  const before = archivedIn(frame);
  if (before !== undefined) {
    const isWhole = await clearAway(host, run, frame.queue, before);
    return { status: isWhole ? "was archived" : "archived", archived: before };
  }
  const found = await readLeaving(log, run, frame, last);
  if (found === undefined) return skipped("changed");
  const reason = reasonToStay(found, frame, host.clock.now(), olderThanMs);
  return reason === undefined ? moveOut(host, run, found) : skipped(reason);
}

async function moveOut(host: ArchiveHost, run: RunRef, leaving: Leaving): Promise<ArchiveOutcome> {
  const { broker, clock, payloads } = host;
  const { log } = broker;
  const { head, inbox, state } = leaving;
  const { submission } = leaving.submission;
  const { frames } = leaving.history;
  // Whoever closed it may have died before it had told, with no worker there since.
  await tellWhoWaits(host, run, { submission, frames, inbox });

  const file = await payloads.storeFile(await runFile(log.namespace, run, leaving));
  contentOf(await readRunFile(await payloads.fetchFile(file)), run.id);

  const inboxUpTo = inbox.at(-1)?.sequence ?? 0;
  const content = { submission, frames, state, inboxUpTo };
  const stays = archivedFrame(content, file, clock.now(), log.maxMessageBytes);
  if (stays === undefined) return skipped("too large");
  await log.rollUp(head, stays);
  // Whatever came of that write, the head says it.
  const after = await readSureHead(log, run);
  const archived = archivedIn(after.frame);
  if (archived === undefined) {
    if (after.last !== head.sequence) return skipped("changed");
    throw new BrokerError(`It is not known whether run ${run.id} was archived. Try again.`);
  }
  await clearAway(host, run, state.queue, archived);
  return { status: "archived", archived };
}

function reasonToStay(
  { submission: { submission }, state, inbox }: Leaving,
  frame: RecordedFrame,
  now: number,
  olderThanMs: number,
): SkipReason | undefined {
  const mark = submission.archived;
  // Its input is in the file only.
  if (mark?.restoredAt === 0) return "changed";
  if (now - Math.max(state.updatedAt, mark?.restoredAt ?? 0) < olderThanMs) return "recent";
  return inbox.some((input) => asksToResume(input, frame)) ? "resuming" : undefined;
}

function skipped(reason: SkipReason): ArchiveOutcome {
  return { status: "skipped", reason };
}

/** All that the log has of the run; nothing when it changes meanwhile. */
interface Leaving {
  readonly head: Stored;
  readonly submission: FoundSubmission;
  readonly state: RunState;
  readonly inbox: readonly Stored[];
  readonly stored: readonly Stored[];
  readonly history: RunHistory;
}

async function readLeaving(
  log: RunLog,
  run: RunRef,
  frame: RecordedFrame,
  last: number,
): Promise<Leaving | undefined> {
  const [submission, stored, inbox] = await Promise.all([
    findSubmission(log, run, frame.queue),
    log.history(run, last),
    log.inbox(run, frame.queue, 0),
  ]);
  const head = stored.at(-1);
  const history = chain(stored);
  const state = foldFrames(history.frames);
  if (submission === undefined || head === undefined || state === undefined) return undefined;
  const isWhole = head.sequence === last && history.frames.at(-1)?.sequence === frame.sequence;
  return isWhole ? { head, submission, state, inbox, stored, history } : undefined;
}

function asksToResume({ sequence, data }: Stored, { inboxFolded }: RecordedFrame): boolean {
  if (sequence <= inboxFolded) return false;
  const decoded = decodeInput(data);
  return decoded.kind === "ok" && decoded.value.body.type === "Wake" && decoded.value.body.resume;
}

function runFile(
  namespace: string,
  run: RunRef,
  { submission, inbox, stored, state }: Leaving,
): Promise<Uint8Array> {
  const { flow, key, id } = run;
  const { queue, status } = state;
  const closedAt = new Date(state.updatedAt).toISOString();
  return writeRunFile(
    { format: RUN_FILE_FORMAT, namespace, run: id, flow, key, queue, status, closedAt },
    [
      fileMessage("new", submission.stored),
      ...inbox.map((message) => fileMessage("in", message)),
      ...stored.map((message) => fileMessage("h", message)),
    ],
  );
}

/**
 * Steps 3 and 4: what is in the file is removed from the log. True when there was nothing left to do.
 * @throws {@link BrokerError} when that is not confirmed: do it again.
 */
async function clearAway(
  host: ArchiveHost,
  run: RunRef,
  queue: string,
  archived: ArchivedEvent,
): Promise<boolean> {
  const { log } = host.broker;
  const { file, archivedAt, inboxUpTo } = archived;
  const submission = { ...archived.submission, archived: { file, archivedAt, restoredAt: 0 } };
  let unmarked = await findUnmarked(host, run, queue, archived);
  if (unmarked === undefined) return true;
  if (inboxUpTo > 0) await log.clearInbox(run, queue, inboxUpTo);
  while (unmarked !== undefined) {
    const outcome = await log.rollUp(unmarked.stored, encodeSubmission(submission));
    if (outcome.status === "written") break;
    if (outcome.status === "unknown") {
      const { cause } = outcome;
      throw new BrokerError(`Run ${run.id} is not wholly archived. Try again.`, { cause });
    }
    unmarked = await findUnmarked(host, run, queue, archived);
  }
  return false;
}

/** The submission in whose place the mark is to be put; nothing when it is there, or the run is coming back. */
async function findUnmarked(
  { broker: { log }, clock }: ArchiveHost,
  run: RunRef,
  queue: string,
  { file, archivedAt }: ArchivedEvent,
): Promise<FoundSubmission | undefined> {
  const found = await findSubmission(log, run, queue);
  const mark = found?.submission.archived;
  if (mark?.file.key === file.key && mark.archivedAt === archivedAt) {
    // Somebody may be putting the run back just now.
    const isReturning = clock.now() - mark.restoredAt < RETURN_WITHIN_MS;
    if (mark.restoredAt === 0 || isReturning) return undefined;
  }
  // Read after the submission: who has put the run back since writes that once more, and the mark is refused.
  const { frame } = await readSureHead(log, run);
  return archivedIn(frame)?.file.key === file.key ? found : undefined;
}

/** So long a run may be on its way back; then it is taken for abandoned there. */
export const RETURN_WITHIN_MS = 600_000;
