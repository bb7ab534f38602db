/**
 * Looks for what cannot be in a run that only Millrace wrote to: pure, and it never throws. What it finds breaks an invariant of
 * docs/design.md, section 5, or was done to the log from outside.
 */
import { checkFrame } from "../wire/frame-checksum.ts";
import type { Flaw } from "./flaw.ts";
import type { RecordedRun, StoredRun } from "./recorded-run.ts";
import { EventRules } from "./verify/event-rules.ts";
import { FrameRules } from "./verify/frame-rules.ts";
import { InboxRules } from "./verify/inbox-rules.ts";
import { linkFrames } from "./verify/link-frames.ts";
import { originFlaws } from "./verify/origin-rules.ts";

/** A run, with its messages if their checksums are to be compared. */
export interface VerifiableRun extends RecordedRun {
  readonly stored?: Pick<StoredRun, "history">;
}

/** What is wrong with a run, in the order of its history; nothing for one that is sound. */
export function verifyRun(run: VerifiableRun): readonly Flaw[] {
  const { frames, afterGap, flaws } = linkFrames(run);
  const frameRules = new FrameRules();
  const eventRules = new EventRules();
  const inboxRules = new InboxRules(run.inbox, frames, run.submission);
  for (const frame of frames) {
    const isAfterGap = afterGap.has(frame);
    if (isAfterGap) eventRules.gap();
    frameRules.add(frame, isAfterGap);
    for (const event of frame.events) eventRules.add(event, frame.sequence);
    inboxRules.add(frame);
  }
  const found = [
    ...flaws,
    ...checksumFlaws(run, flaws),
    ...originFlaws(run.submission, frames),
    ...frameRules.flaws,
    ...eventRules.flaws,
    ...inboxRules.flaws,
  ];
  return found.toSorted((one, other) => one.sequence - other.sequence);
}

/** Frames whose bytes are not those that were written. One that cannot be read at all is told of by whoever follows the chain. */
function checksumFlaws({ stored }: VerifiableRun, told: readonly Flaw[]): readonly Flaw[] {
  const known = new Set(told.map(({ sequence }) => sequence));
  return (stored?.history ?? []).flatMap(({ sequence, data }) => {
    if (known.has(sequence) || checkFrame(data) !== "wrong") return [];
    const sentence = `Frame ${sequence} was altered: its checksum is not the one of its bytes.`;
    return [{ kind: "altered-frame", sequence, sentence } as const];
  });
}
