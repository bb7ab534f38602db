/**
 * Looks for what cannot be in a run that only Millrace wrote to: pure, and it never throws. What it finds breaks an invariant of
 * docs/design.md, section 5, or was done to the log from outside. The state machine of events is `EventRules`.
 */
import type { Flaw } from "./flaw.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { EventRules } from "./verify/event-rules.ts";
import { FrameRules } from "./verify/frame-rules.ts";
import { InboxRules } from "./verify/inbox-rules.ts";
import { linkFrames } from "./verify/link-frames.ts";
import { originFlaws } from "./verify/origin-rules.ts";

/** What is wrong with a run, in the order of its history; nothing for one that is sound. */
export function verifyRun(run: RecordedRun): readonly Flaw[] {
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
    ...originFlaws(run.submission, frames),
    ...frameRules.flaws,
    ...eventRules.flaws,
    ...inboxRules.flaws,
  ];
  return found.toSorted((one, other) => one.sequence - other.sequence);
}
