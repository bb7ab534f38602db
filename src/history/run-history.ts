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
  return chain(await log.history(run, upTo));
}

/** Follows the chain of `prev` through stored messages (I2). */
export function chain(stored: readonly Stored[]): RunHistory {
  const frames: RecordedFrame[] = [];
  const foreign: { sequence: number; reason: string }[] = [];
  for (const { sequence, data } of stored) {
    const decoded = decodeFrame(data);
    if (decoded.kind === "foreign") foreign.push({ sequence, reason: decoded.reason });
    else if (decoded.value.prev !== (frames.at(-1)?.sequence ?? 0)) {
      const reason = `it follows frame ${decoded.value.prev}, which is not the one before it`;
      foreign.push({ sequence, reason });
    } else frames.push({ ...decoded.value, sequence });
  }
  return { frames, foreign };
}
