import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { readHistory } from "./run-history.ts";

/** Where a run's history ends. */
export interface RunHead {
  /** The last frame, if the run has any. */
  readonly frame: RecordedFrame | undefined;
  /** Sequence of the last message on the subject, which the next write must expect; foreign ones count. 0 for none. */
  readonly last: number;
}

/**
 * The end of a run's history, from the leader: one look-up. Foreign bytes on the subject are passed over (I11), at the
 * cost of reading the whole history. A frame that somebody copied there is not told from a true one: for showing only.
 */
export async function readHead(log: RunLog, run: RunRef): Promise<RunHead> {
  const { end, frame } = await readEnd(log, run);
  return frame === undefined ? readWhole(log, run, end) : { frame, last: frame.sequence };
}

/**
 * The same with one more look-up, for whoever decides by it: the frame follows the one that it names, with nothing in
 * between. A frame of another run, or an old one of this run, is passed over like any foreign bytes (I2, I11). When the frame
 * that it names is gone from the log it is the head all the same, of a history with a gap.
 */
export async function readSureHead(log: RunLog, run: RunRef): Promise<RunHead> {
  const { end, stored, frame } = await readEnd(log, run);
  if (frame === undefined || stored === undefined) return readWhole(log, run, end);
  if (await continues(log, run, frame)) return { frame, last: end };
  const whole = await readWhole(log, run, end);
  return (await isBehindGap(log, stored, frame, whole.frame)) ? { frame, last: end } : whole;
}

async function readEnd(
  log: RunLog,
  run: RunRef,
): Promise<{
  readonly end: number;
  readonly stored: Stored | undefined;
  readonly frame: RecordedFrame | undefined;
}> {
  const stored = await log.head(run);
  if (stored === undefined) return { end: 0, stored, frame: undefined };
  const { sequence } = stored;
  const decoded = decodeFrame(stored.data);
  return {
    end: sequence,
    stored,
    frame: decoded.kind === "ok" ? { ...decoded.value, sequence } : undefined,
  };
}

async function readWhole(log: RunLog, run: RunRef, end: number): Promise<RunHead> {
  if (end === 0) return { frame: undefined, last: 0 };
  const { frames } = await readHistory(log, run, end);
  return { frame: frames.at(-1), last: end };
}

async function continues(log: RunLog, run: RunRef, frame: RecordedFrame): Promise<boolean> {
  const { prev, sequence } = frame;
  const stored = await log.history(run, sequence, Math.max(prev, 1));
  const expected = prev === 0 ? [sequence] : [prev, sequence];
  return stored.map((one) => one.sequence).join() === expected.join();
}

/**
 * True when the frame that this one names comes after the last that is known and is gone, or is no frame any more. One that was
 * copied here from another run names what stands there.
 */
async function isBehindGap(
  log: RunLog,
  { partition, subject, sequence }: Stored,
  { prev, epoch }: RecordedFrame,
  known: RecordedFrame | undefined,
): Promise<boolean> {
  // No frame can name what was not there yet: this one was copied here from another partition.
  if (prev >= sequence) return false;
  if (prev <= (known?.sequence ?? 0) || epoch < (known?.epoch ?? 1)) return false;
  const named = await log.message(partition, prev);
  return named === undefined || named.subject === subject;
}
