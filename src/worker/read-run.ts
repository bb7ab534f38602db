import type { RecordedFrame } from "../engine/frame.ts";
import type { FoundRun } from "../engine/opening-frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import { foldFrames } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import type { RunHead } from "../history/run-head.ts";
import { readHistory } from "../history/run-history.ts";
import type { RunLog } from "../ports/run-log.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import type { Arrived } from "./arrived.ts";

/** All that is needed to take a run up. */
export interface ReadRun extends FoundRun {
  readonly head: RecordedFrame | undefined;
  readonly submission: Submission;
}

/** Reads a run's submission, its history up to the head, and its inbox; nothing when there is no submission. */
export async function readRun(
  log: RunLog,
  run: RunRef,
  arrived: Arrived,
  head: RunHead,
): Promise<ReadRun | undefined> {
  const queue = head.frame?.queue ?? arrived.queue;
  const folded = head.frame?.inboxFolded ?? 0;
  const [frames, inbox, submission] = await Promise.all([
    head.frame === undefined ? [] : readFrames(log, run, head.frame.sequence),
    log.inbox(run, queue, folded),
    arrived.submission ?? readSubmission(log, run, queue),
  ]);
  if (submission === undefined) return undefined;
  // Wakes are all that an inbox holds: they are folded by naming the last one.
  const last = inbox.at(-1)?.sequence ?? 0;
  const own = arrived.kind === "new" ? 0 : arrived.sequence;
  return {
    head: head.frame,
    submission,
    events: frames.flatMap((frame) => frame.events),
    crashes: foldFrames(frames)?.crashes ?? 0,
    inboxFolded: Math.max(folded, last, own),
  };
}

async function readFrames(
  log: RunLog,
  run: RunRef,
  upTo: number,
): Promise<readonly RecordedFrame[]> {
  return (await readHistory(log, run, upTo)).frames;
}

async function readSubmission(
  log: RunLog,
  run: RunRef,
  queue: string,
): Promise<Submission | undefined> {
  const stored = (await log.submission(run, queue)) ?? (await log.submission(run));
  if (stored === undefined) return undefined;
  const decoded = decodeSubmission(stored.data);
  return decoded.kind === "ok" && decoded.value.runId === run.id ? decoded.value : undefined;
}
