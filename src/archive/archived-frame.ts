import type { ArchivedRun } from "../engine/archived-run.ts";
import type { Frame, RecordedFrame } from "../engine/frame.ts";
import type { BlobRef } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunState } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import { encodeFrame } from "../wire/frame-codec.ts";

/** What is known of a run that goes to the archive. */
export interface LeavingRun {
  readonly submission: Submission;
  readonly frames: readonly RecordedFrame[];
  /** The fold of the frames. */
  readonly state: RunState;
  /** The inbox's last sequence, 0 for none. */
  readonly inboxUpTo: number;
}

/**
 * The one frame that stays of a run in the archive: where its file is and what the history counted, what its flow told of
 * itself last, and how it ended. Its head says as much as before, so a result is one look-up. Nothing when that does not fit
 * into a message.
 */
export function archivedFrame(
  { submission, frames, state, inboxUpTo }: LeavingRun,
  file: BlobRef,
  archivedAt: number,
  limitBytes: number,
): Uint8Array | undefined {
  const head = frames.at(-1);
  const closing = head?.events.at(-1);
  if (head === undefined || closing === undefined) return undefined;
  const { takeOvers, crashes, version } = state;
  const archived: ArchivedRun = {
    file,
    archivedAt,
    submission: withoutInput(submission),
    inboxUpTo,
    runStartedAt: state.startedAt,
    takeOvers,
    crashes,
    version,
    cancelReason: state.cancelReason ?? "",
  };
  const first: RunEvent = { type: "Archived", at: state.updatedAt, ...archived };
  const told = frames
    .flatMap(({ events }) => events)
    .findLast((event) => event.type === "Annotated");
  const frame = (between: readonly RunEvent[]): Uint8Array => {
    const { epoch, writer, status, inboxFolded, token, queue } = head;
    const events = [first, ...between, closing];
    const whole: Frame = {
      prev: 0,
      epoch,
      writer,
      status,
      inboxFolded,
      token,
      queue,
      annotated: 0,
      events,
    };
    return encodeFrame(whole);
  };
  const full = frame(told === undefined ? [] : [told]);
  if (full.length <= limitBytes) return full;
  // What it exposed is in the file.
  const short = frame(told === undefined ? [] : [{ ...told, exposed: {} }]);
  return short.length <= limitBytes ? short : undefined;
}

/** All that a submission says beside its input. */
function withoutInput(submission: Submission): Submission {
  const { archived: _, ...asked } = submission;
  const input = { encoding: "undefined", data: new Uint8Array() };
  return { ...asked, input, replyTo: "", isKeyNew: false };
}
