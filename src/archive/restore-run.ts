/**
 * Puts a run back from the archive: it can be resumed then, and everything reads from the log. Until the last write it counts
 * as archived, and reads as such:
 *
 * 1. Its inputs are put into the inbox again, under new sequences.
 * 2. Its submission takes the place of the mark, with the input. Workers start nothing by it: it says that it was restored.
 * 3. One frame with the whole history takes the place of the one that stayed, if that still is the head (I2).
 * 4. The submission is written once more: whoever takes the run for archived since before step 3 marks an older one in vain.
 * 5. What was in the inbox before is removed: a copy of it stands behind the inputs of the file.
 */

import { RunNotArchivedError } from "../engine/archive-errors.ts";
import type { ArchiveMark } from "../engine/archive-mark.ts";
import { archivedIn } from "../engine/archived-event.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { readSureHead } from "../history/run-head.ts";
import { decodeInput, encodeInput } from "../wire/input-codec.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import type { ArchiveHost } from "./archive-host.ts";
import { RETURN_WITHIN_MS } from "./archive-run.ts";
import { type ArchivedRunContent, readArchivedRun, readRunFrom } from "./archived-run.ts";
import { findSubmission } from "./find-submission.ts";
import { asBlob, foldedUpTo, mergedFrame, type Renumbered } from "./merged-frame.ts";

/**
 * Puts a run back. Resolves when that is durable.
 * @throws {@link RunNotFoundError}, {@link RunNotArchivedError}, {@link ArchiveFileError}, {@link RunNotRestorableError},
 * {@link BrokerError} when it is not confirmed: try again. Nothing is lost.
 */
export async function restoreRun(host: ArchiveHost, run: RunRef): Promise<void> {
  const { log } = host.broker;
  const begunAt = host.clock.now();
  const [{ frame, last }, head] = await Promise.all([readSureHead(log, run), log.head(run)]);
  const archived = archivedIn(frame);
  if (frame === undefined || archived === undefined) return completeReturn(host, run, frame);
  // Somebody else has put it back between the two: that head is of a run that may go on (I2).
  if (head?.sequence !== last) {
    throw new BrokerError(`Run ${run.id} has changed while it was looked at. Try again.`);
  }
  const content = await readArchivedRun(host.payloads, archived);
  const { inputs, former } = await putInputs(host, run, frame.queue, content);
  const parts = { payloads: host.payloads, limitBytes: log.maxMessageBytes };
  const merged = await mergedFrame(run.id, content.frames, inputs, parts);
  await putSubmission(host, run, frame.queue, archived, content);
  if (host.clock.now() - begunAt > RETURN_WITHIN_MS / 2) {
    throw new BrokerError(`Run ${run.id} was not put back: it took too long. Try again.`);
  }
  const outcome = await log.rollUp(head, merged);
  if (outcome.status !== "written") {
    const [after, stored] = await Promise.all([readSureHead(log, run), log.head(run)]);
    if (archivedIn(after.frame) !== undefined) {
      throw new BrokerError(`It is not known whether run ${run.id} was put back. Try again.`);
    }
    // Somebody else was faster: the inbox is theirs.
    if (stored === undefined || Buffer.compare(stored.data, merged) !== 0) return;
  }
  await putSubmission(host, run, frame.queue, archived, content);
  if (former > 0) await log.clearInbox(run, frame.queue, former);
}

/**
 * The run is not in the archive. Its submission may be, if somebody died in the last moment of putting it back: its mark says
 * where the input is.
 */
async function completeReturn(
  host: ArchiveHost,
  run: RunRef,
  frame: RecordedFrame | undefined,
): Promise<void> {
  const { log } = host.broker;
  const found = await findSubmission(log, run, frame?.queue ?? run.flow);
  if (found === undefined) throw new RunNotFoundError(run.id, log.namespace);
  const { submission } = found;
  const mark = submission.archived;
  if (frame === undefined || mark?.restoredAt !== 0) throw new RunNotArchivedError(run.id);
  const content = await readRunFrom(host.payloads, mark.file, run.id);
  await putSubmission(host, run, frame.queue, mark, content);
}

/**
 * The inputs of the file, but for wakes, and then what stands before the last of them that the history has folded: nobody would
 * look there for something new. Gives where those of the file are now, and the last message before them of those that were
 * there (0 for none).
 */
async function putInputs(
  { broker: { log } }: ArchiveHost,
  run: RunRef,
  queue: string,
  { inbox, frames }: ArchivedRunContent,
): Promise<{ readonly inputs: Renumbered; readonly former: number }> {
  const now = new Map<number, number>();
  const ids = new Set<string>();
  for (const { sequence, data } of inbox) {
    const decoded = decodeInput(data);
    if (decoded.kind !== "ok" || decoded.value.body.type === "Wake") continue;
    ids.add(decoded.value.inputId);
    now.set(sequence, await log.put(run, queue, data));
  }
  const upTo = foldedUpTo(frames, now);
  // Read only now: something may have come among them.
  const there = upTo === 0 ? [] : await log.inbox(run, queue, 0);
  for (const { sequence, data } of there) {
    if (sequence > upTo) break;
    const decoded = decodeInput(data);
    if (decoded.kind !== "ok" || decoded.value.body.type === "Wake") continue;
    const { inputId } = decoded.value;
    const id = inputId.startsWith(MOVED) ? inputId.slice(MOVED.length) : inputId;
    if (ids.has(id)) continue; // Of the file, or put by somebody who did not come to an end.
    ids.add(id);
    await log.put(run, queue, encodeInput({ ...decoded.value, inputId: MOVED + id }));
  }
  const [first = 0] = now.values();
  const former = there.findLast(({ sequence }) => sequence < first)?.sequence ?? 0;
  return { inputs: now, former };
}

/** The copy of an input must count although what it is a copy of was passed over. */
const MOVED = "restored/";

async function putSubmission(
  { broker: { log }, clock, payloads }: ArchiveHost,
  run: RunRef,
  queue: string,
  { file, archivedAt }: Pick<ArchiveMark, "file" | "archivedAt">,
  { submission }: ArchivedRunContent,
): Promise<void> {
  for (;;) {
    const found = await findSubmission(log, run, queue);
    if (found === undefined) throw new RunNotFoundError(run.id, log.namespace);
    const archived = { file, archivedAt, restoredAt: clock.now() };
    const whole = { ...submission, isKeyNew: false, replyTo: "", archived };
    let bytes = encodeSubmission(whole);
    if (bytes.length > log.maxMessageBytes) {
      bytes = encodeSubmission({ ...whole, input: await asBlob(whole.input, 0, payloads) });
    }
    const outcome = await log.rollUp(found.stored, bytes);
    if (outcome.status === "written") return;
    if (outcome.status === "unknown") {
      const { cause } = outcome;
      throw new BrokerError(`Run ${run.id} was not put back. Try again.`, { cause });
    }
  }
}
