import type { RecordedFrame } from "../engine/frame.ts";
import type { FoundRun } from "../engine/opening-frame.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunRef } from "../engine/run-id.ts";
import { crashesAfter } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import { readSubmission } from "../history/read-submission.ts";
import type { RunHead } from "../history/run-head.ts";
import { tellFrames } from "../history/run-history.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeInput } from "../wire/input-codec.ts";
import type { Arrived } from "./arrived.ts";

/** All that is needed to take a run up. */
export interface ReadRun extends FoundRun {
  readonly head: RecordedFrame | undefined;
  readonly submission: Submission;
  /** The whole inbox. */
  readonly inbox: readonly Stored[];
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
  // The long one goes last: the broker answers in turn.
  const [inbox, submission, past] = await Promise.all([
    log.inbox(run, queue, 0),
    arrived.submission ?? readSubmission(log, run, queue),
    readPast(log, run, head.frame?.sequence ?? 0),
  ]);
  if (submission === undefined) return undefined;
  return {
    head: head.frame,
    submission,
    ...past,
    inboxFolded: passed(inbox, folded),
    inbox,
  };
}

/** Wakes are folded by naming the last one, up to the first input that the flow may see. */
function passed(inbox: readonly Stored[], folded: number): number {
  let last = folded;
  for (const { sequence, data } of inbox) {
    if (sequence <= folded) continue;
    const decoded = decodeInput(data);
    if (decoded.kind === "ok" && decoded.value.body.type !== "Wake") break;
    last = sequence;
  }
  return last;
}

async function readPast(
  log: RunLog,
  run: RunRef,
  upTo: number,
): Promise<Pick<ReadRun, "events" | "crashes" | "endsAt">> {
  const events: RunEvent[] = [];
  let crashes = 0;
  let endsAt = 0;
  await tellFrames(log, run, upTo, (frame) => {
    endsAt = frame.sequence;
    for (const event of frame.events) {
      events.push(event);
      crashes = crashesAfter(event, crashes);
    }
  });
  return { events, crashes, endsAt };
}
