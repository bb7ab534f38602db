import type { RecordedFrame } from "../../engine/frame.ts";
import type { Flaw } from "../flaw.ts";
import type { RunHistory } from "../run-history.ts";

/** A history as far as it can be followed, past what is missing in it. */
export interface LinkedFrames {
  /** In order. Where frames are missing between two of them, the second one is in `afterGap`. */
  readonly frames: readonly RecordedFrame[];
  readonly afterGap: ReadonlySet<RecordedFrame>;
  readonly flaws: readonly Flaw[];
}

/**
 * Follows the chain of `prev` (I2) and goes on behind a gap: what workers call foreign there is the rest of the history. A frame
 * whose place another one took is a stray.
 */
export function linkFrames({ frames, foreign }: RunHistory): LinkedFrames {
  const linked = [...frames];
  const afterGap = new Set<RecordedFrame>();
  const flaws: Flaw[] = [];
  const unreadable = new Map<number, string>();
  const named = new Set<number>();
  let end = frames.at(-1)?.sequence ?? 0;
  for (const { sequence, reason, frame } of foreign) {
    if (frame === undefined) {
      unreadable.set(sequence, reason);
      continue;
    }
    const { prev } = frame;
    if (prev !== end && (prev < end || prev >= sequence)) {
      flaws.push({ kind: "stray-frame", sequence, sentence: strayText(frame) });
      continue;
    }
    if (prev !== end) {
      named.add(prev);
      afterGap.add(frame);
      flaws.push(gapBefore(frame, end, unreadable.get(prev)));
    }
    linked.push(frame);
    end = sequence;
  }
  for (const [sequence, reason] of unreadable) {
    if (named.has(sequence)) continue;
    const sentence = `Message ${sequence} on the history's subject is no frame: ${reason}. Workers pass over it.`;
    flaws.push({ kind: "foreign-message", sequence, sentence });
  }
  return { frames: linked, afterGap, flaws };
}

function gapBefore(
  { sequence, prev }: RecordedFrame,
  end: number,
  unreadable: string | undefined,
): Flaw {
  if (unreadable !== undefined) {
    const sentence = `Frame ${prev}, which frame ${sequence} follows, was altered: ${unreadable}.`;
    return { kind: "altered-frame", sequence: prev, sentence };
  }
  const known = end === 0 ? "There is none before it" : `The last one before it is frame ${end}`;
  const sentence = `Frame ${prev}, which frame ${sequence} follows, is not there. ${known}: what is between them is lost.`;
  return { kind: "missing-frame", sequence: prev, sentence };
}

function strayText({ sequence, prev, epoch, writer }: RecordedFrame): string {
  return `Frame ${sequence} (epoch ${epoch}, by ${writer}) says that it follows frame ${prev}, which is not the last one before it. It was copied here, or two wrote in one place.`;
}
