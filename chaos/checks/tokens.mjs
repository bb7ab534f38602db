// @ts-check
import { isActive } from "../../dist/engine/frame.js";
import { isHeld, statusOf } from "../evidence.mjs";

/**
 * I4: whenever somebody looked there were at least as many messages that nobody had acked as runs that were held, queue by queue.
 * And at the end a run that is said to be held has a message in its queue that is not acked yet; when no run is held, no message
 * is left over.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkTokens(evidence) {
  const { runs, unacked } = evidence;
  const left = new Map(
    unacked.map(({ queue, handedOut, waiting }) => [queue, handedOut + waiting]),
  );
  const held = new Set();
  const lost = [...runs.values()].flatMap((run) => {
    if (!isHeld(run)) return [];
    const queue = run.frames.at(-1)?.queue ?? "";
    held.add(queue);
    if ((left.get(queue) ?? 0) > 0) return [];
    const what = `it is ${statusOf(run)}, and its token is acked: nobody will be handed it`;
    return [{ check: "I4", run: run.id, what }];
  });
  const kept = [...left].flatMap(([queue, count]) => {
    if (count === 0 || held.has(queue)) return [];
    return [{ check: "I4", run: "", what: `${count} messages of ${queue} are acked by nobody` }];
  });
  return [...ackedTooEarly(evidence), ...lost, ...kept];
}

/** @param {import("../evidence.mjs").Evidence} evidence @returns {import("../evidence.mjs").Violation[]} */
function ackedTooEarly({ runs, samples, ledger }) {
  const periods = [...runs.values()].flatMap(periodsOf);
  return samples.flatMap(({ from, to, unacked }) => {
    if (wasRecreated(ledger, from)) return [];
    return unacked.flatMap(({ queue, handedOut, waiting }) => {
      // Held all the time while the queue was looked at.
      const held = periods.filter(
        (one) => one.queue === queue && one.begunAt < from && to < one.endedAt,
      );
      if (held.length <= handedOut + waiting) return [];
      const what = `${held.length} runs were held, and ${queue} had ${handedOut + waiting} messages that were not acked`;
      return [{ check: "I4", run: held[0]?.run ?? "", what }];
    });
  });
}

/** When a run was held, by each activation. @param {import("../evidence.mjs").LoggedRun} run */
function periodsOf({ id, frames, storedAt }) {
  /** @type {{ run: string, queue: string, epoch: number, begunAt: number, endedAt: number }[]} */
  const periods = [];
  let isOpen = false;
  for (const { sequence, epoch, queue, status } of frames) {
    const at = storedAt.get(sequence) ?? 0;
    const last = periods.at(-1);
    const goesOn = isOpen && last?.epoch === epoch && isActive(status);
    if (goesOn) continue;
    if (isOpen && last !== undefined) last.endedAt = at;
    isOpen = isActive(status);
    if (isOpen) periods.push({ run: id, queue, epoch, begunAt: at, endedAt: Infinity });
  }
  return periods;
}

/** Whether a consumer was deleted about then: one that is made anew has all messages still to hand out, one that is gone has none. @param {readonly import("../ledger/entries.mjs").Entry[]} ledger @param {number} at */
function wasRecreated(ledger, at) {
  return ledger.some(
    (entry) =>
      entry.kind === "struck" &&
      entry.fault === "recreate-consumers" &&
      Math.abs(entry.at - at) < RECREATED_MS,
  );
}

/** Workers make a consumer that is gone again within this time. */
const RECREATED_MS = 15_000;
