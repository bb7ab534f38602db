import type { RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunLog } from "../ports/run-log.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { readHistory } from "./run-history.ts";

/**
 * The end of a run's history, from the leader: one look-up. Foreign bytes on the subject are passed over (I11), at the
 * cost of reading the whole history.
 */
export async function readHead(log: RunLog, run: RunRef): Promise<HeadReading> {
  const stored = await log.head(run);
  if (stored === undefined) return { kind: "none", last: 0 };
  const last = stored.sequence;
  const decoded = decodeFrame(stored.data);
  if (decoded.kind === "newer") return { kind: "newer", last };
  if (decoded.kind === "ok") {
    return { kind: "frame", frame: { ...decoded.value, sequence: last }, last };
  }
  const { frames } = await readHistory(log, run, last);
  const frame = frames.at(-1);
  return frame === undefined ? { kind: "none", last } : { kind: "frame", frame, last };
}

/** `last` is the sequence of the last message on the subject, which the next write must expect; foreign ones count. */
export type HeadReading =
  | { readonly kind: "none"; readonly last: number }
  | { readonly kind: "frame"; readonly frame: RecordedFrame; readonly last: number }
  /** The last frame has a format that this version does not know. */
  | { readonly kind: "newer"; readonly last: number };
