import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";

/** A run's frames. What else stands on the subject is told apart, and never stops a run (I11). */
export interface RunHistory {
  readonly frames: readonly RecordedFrame[];
  /** Messages that no worker of the protocol wrote, with the reason. */
  readonly foreign: readonly { readonly sequence: number; readonly reason: string }[];
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

/** Follows the chain of `prev` through stored messages (I2). */
export function chain(stored: readonly Stored[]): RunHistory {
  const { history, teller } = collected();
  const add = chained(teller);
  for (const message of stored) add(message);
  return history;
}

interface Teller {
  readonly frame: (frame: RecordedFrame) => void;
  readonly foreign: (sequence: number, reason: string) => void;
}

/** Takes the messages of a history, from the first on, and tells the frames from what is foreign. */
function chained({ frame, foreign }: Teller): (message: Stored) => void {
  let end = 0;
  return ({ sequence, data }) => {
    const decoded = decodeFrame(data);
    if (decoded.kind === "foreign") return foreign(sequence, decoded.reason);
    const { prev } = decoded.value;
    if (prev !== end) {
      return foreign(sequence, `it follows frame ${prev}, which is not the one before it`);
    }
    end = sequence;
    frame({ ...decoded.value, sequence });
  };
}

function collected(): { readonly history: RunHistory; readonly teller: Teller } {
  const frames: RecordedFrame[] = [];
  const foreign: { sequence: number; reason: string }[] = [];
  const teller: Teller = {
    frame: (frame) => frames.push(frame),
    foreign: (sequence, reason) => foreign.push({ sequence, reason }),
  };
  return { history: { frames, foreign }, teller };
}
