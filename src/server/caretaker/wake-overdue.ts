import type { RecordedFrame } from "../../engine/frame.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { putWake } from "../../history/put-wake.ts";
import { readSureHead } from "../../history/run-head.ts";
import type { CaretakerRule } from "./rule.ts";
import { unfoldedInputs } from "./unfolded-inputs.ts";

/**
 * The broker wakes a run that sleeps, or whose start is later. When the order for that is gone, or did not fire, a wake takes
 * its place. One that fired stands in the inbox: that is the case of `wakeUnfolded`.
 */
export function wakeOverdue(patienceMs: number): CaretakerRule {
  return {
    name: "wake-overdue",
    candidates: ({ store, clock }, page) =>
      store.view.candidates({ kind: "overdue", wakeBefore: clock.now() - patienceMs }, page),
    repair: async ({ millrace: { broker }, clock }, { id }) => {
      const run = parseRunId(id);
      const { frame } = await readSureHead(broker.log, run);
      const wakeAt = frame === undefined ? 0 : wakeTime(frame);
      if (frame === undefined || wakeAt === 0 || wakeAt + patienceMs > clock.now()) return false;
      if ((await unfoldedInputs(broker.log, run, frame)).length > 0) return false;
      const { queue } = frame;
      await putWake({ broker, clock }, run, queue, { replaces: [], resume: false, queue });
      return true;
    },
  };
}

/** 0 for a run that is not suspended, or is woken by an input only. */
function wakeTime({ status, events }: RecordedFrame): number {
  if (status !== "suspended" && status !== "scheduled") return 0;
  const suspended = events.findLast((event) => event.type === "Suspended");
  return suspended?.type === "Suspended" ? suspended.wakeAt : 0;
}
