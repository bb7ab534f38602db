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
 * cost of reading the whole history.
 */
export async function readHead(log: RunLog, run: RunRef): Promise<RunHead> {
  const stored = await log.head(run);
  if (stored === undefined) return { frame: undefined, last: 0 };
  const last = stored.sequence;
  const decoded = decodeFrame(stored.data);
  if (decoded.kind === "ok") return { frame: { ...decoded.value, sequence: last }, last };
  const { frames } = await readHistory(log, run, last);
  return { frame: frames.at(-1), last };
}
