import { isActive } from "../../engine/frame.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { wakeIfAbandoned } from "../../history/ask-after-holder.ts";
import { readSureHead } from "../../history/run-head.ts";
import { isWakeDue } from "./is-wake-due.ts";
import type { CaretakerRule } from "./rule.ts";
import { unfoldedInputs } from "./unfolded-inputs.ts";

/**
 * An active run has a holder, or a message that is handed out again when its holder is dead. After a pause longer than the
 * lease it may have neither: its holder is asked after, and a wake takes the place of its token when it is gone (I4).
 */
export function wakeAbandoned(patienceMs: number): CaretakerRule {
  return {
    name: "wake-abandoned",
    candidates: ({ store, clock }, page) =>
      store.view.candidates({ kind: "active", updatedBefore: clock.now() - patienceMs }, page),
    repair: async ({ millrace: { broker }, clock }, { id, partition }, handedOut) => {
      const run = parseRunId(id);
      const { frame } = await readSureHead(broker.log, run);
      if (frame === undefined || !isActive(frame.status)) return false;
      const { token, queue } = frame;
      const wakes = (await unfoldedInputs(broker.log, run, frame)).filter(
        ({ body }) => body.type === "Wake" && body.replaces.includes(token),
      );
      if (wakes.some(({ sequence }) => !handedOut.has(partition, queue, sequence))) return false;
      if (wakes.length > 0 && !isWakeDue(wakes, clock.now(), patienceMs)) return false;
      return wakeIfAbandoned({ broker, clock }, run, partition, frame);
    },
  };
}
