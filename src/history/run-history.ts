import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";

/** A run's frames. What else stands on the subject is told apart, and never stops a run (I11). */
export interface RunHistory {
  readonly frames: readonly RecordedFrame[];
  /** Messages that no worker of the protocol wrote, with the reason. */
  readonly foreign: readonly ForeignMessage[];
}

/** A message on a history's subject that is not a part of the history. */
export interface ForeignMessage {
  readonly sequence: number;
  readonly reason: string;
  /** What it says, if it is a frame that is out of its place. */
  readonly frame?: RecordedFrame;
}

/** A run's history up to and including a sequence. */
export async function readHistory(log: RunLog, run: RunRef, upTo: number): Promise<RunHistory> {
  const { history, teller } = collected();
  await log.tellHistory(run, upTo, chained(teller));
  return history;
}

/** Tells of the frames of the same history as they come. None is kept here: a long history is replayed from its events. */
export async function tellFrames(
  log: RunLog,
  run: RunRef,
  upTo: number,
  tell: (frame: RecordedFrame) => void,
): Promise<void> {
  await log.tellHistory(run, upTo, chained({ frame: tell, foreign: () => undefined }));
}

/**
 * The same with the head behind a gap, for whoever shows it: when frames are gone in between, only the head tells where the run is.
 * A head that names a frame before the last one was copied there, and is left out.
 */
export function withHead(history: RunHistory, head: RecordedFrame | undefined): RunHistory {
  const last = history.frames.at(-1)?.sequence ?? 0;
  if (head === undefined || head.sequence <= last || head.prev <= last) return history;
  const foreign = history.foreign.filter(({ sequence }) => sequence !== head.sequence);
  return { frames: [...history.frames, head], foreign };
}

/** Follows the chain of `prev` through stored messages (I2), from the first frame on or from the one after this sequence. */
export function chain(stored: readonly Stored[], after = 0): RunHistory {
  const { history, teller } = collected();
  const add = chained(teller, after);
  for (const message of stored) add(message);
  return history;
}

interface Teller {
  readonly frame: (frame: RecordedFrame) => void;
  readonly foreign: (message: ForeignMessage) => void;
}

/** Takes the messages of a history in order, and tells the frames from what is foreign. */
function chained({ frame, foreign }: Teller, after = 0): (message: Stored) => void {
  let end = after;
  return ({ sequence, data }) => {
    const decoded = decodeFrame(data);
    if (decoded.kind === "foreign") return foreign({ sequence, reason: decoded.reason });
    const recorded = { ...decoded.value, sequence };
    const { prev } = recorded;
    if (prev !== end) {
      const reason = `it follows frame ${prev}, which is not the one before it`;
      return foreign({ sequence, reason, frame: recorded });
    }
    end = sequence;
    frame(recorded);
  };
}

function collected(): { readonly history: RunHistory; readonly teller: Teller } {
  const frames: RecordedFrame[] = [];
  const foreign: ForeignMessage[] = [];
  const teller: Teller = {
    frame: (frame) => frames.push(frame),
    foreign: (message) => foreign.push(message),
  };
  return { history: { frames, foreign }, teller };
}
