import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog } from "../ports/run-log.ts";
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
 * between. A frame of another run, or an old one of this run, is passed over like any foreign bytes (I2, I11).
 */
export async function readSureHead(log: RunLog, run: RunRef): Promise<RunHead> {
  const { end, frame } = await readEnd(log, run);
  const isSure = frame !== undefined && (await continues(log, run, frame));
  return isSure ? { frame, last: frame.sequence } : readWhole(log, run, end);
}

async function readEnd(
  log: RunLog,
  run: RunRef,
): Promise<{ readonly end: number; readonly frame: RecordedFrame | undefined }> {
  const stored = await log.head(run);
  if (stored === undefined) return { end: 0, frame: undefined };
  const { sequence } = stored;
  const decoded = decodeFrame(stored.data);
  return {
    end: sequence,
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
