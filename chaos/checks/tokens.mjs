// @ts-check
import { isHeld, statusOf } from "../evidence.mjs";

/**
 * I4, as far as it can be seen at the end: a run that is said to be held has a message in its queue that is not acked yet; and
 * when no run is held, no message is left over.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkTokens({ runs, unacked }) {
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
  return [...lost, ...kept];
}
