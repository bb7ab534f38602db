import type { FrameStatus } from "../../engine/frame.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { putWake } from "../../history/put-wake.ts";
import { readSureHead } from "../../history/run-head.ts";
import { isWakeDue } from "./is-wake-due.ts";
import type { CaretakerRule } from "./rule.ts";
import { unfoldedInputs } from "./unfolded-inputs.ts";

/**
 * A run that its worker gave up is taken up by whatever comes into its inbox. When that message was acked all the same
 * (by a worker that was fenced, by somebody with the broker's own tools), a wake takes its place.
 */
export function wakeUnfolded(patienceMs: number): CaretakerRule {
  return {
    name: "wake-unfolded",
    candidates: ({ store }, page) => store.view.candidates({ kind: "unfolded" }, page),
    repair: async ({ millrace: { broker }, clock }, { id, partition }, handedOut) => {
      const run = parseRunId(id);
      const { frame } = await readSureHead(broker.log, run);
      if (frame === undefined || !GIVEN_UP.has(frame.status)) return false;
      const inputs = await unfoldedInputs(broker.log, run, frame);
      const { queue } = frame;
      // One that only waits in the queue takes the run up by itself.
      if (inputs.some(({ sequence }) => !handedOut.has(partition, queue, sequence))) return false;
      if (inputs.length === 0 || !isWakeDue(inputs, clock.now(), patienceMs)) return false;
      await putWake({ broker, clock }, run, queue, { replaces: [], resume: false, queue });
      return true;
    },
  };
}

const GIVEN_UP: ReadonlySet<FrameStatus> = new Set(["suspended", "scheduled", "released"]);
