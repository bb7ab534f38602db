// @ts-check
import { isActive } from "../../dist/engine/frame.js";
import { decodeInput } from "../../dist/wire/input-codec.js";
import { isHeld, statusOf } from "../evidence.mjs";

/**
 * I4: whenever somebody looked, each consumer had at least as many messages in the hands of workers as runs were held by messages of
 * its own, of those that it knew to have been handed out.
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

/**
 * A server that has just become a consumer's leader knows less than the one before it, and one that was parted from the others does
 * not know what goes on: its stream lacks messages. So what a consumer tells counts only up to what it has handed out, by its own
 * account, and only if it tells it twice.
 * @param {import("../evidence.mjs").Evidence} evidence @returns {import("../evidence.mjs").Violation[]}
 */
function ackedTooEarly({ runs, samples }) {
  const periods = [...runs.values()].flatMap(periodsOf);
  const reported = new Set();
  return samples.slice(1).flatMap(({ to, consumers }, before) => {
    const first = samples[before];
    if (first === undefined) return [];
    // Held all the time from one look to the end of the next.
    const held = periods.filter((one) => one.begunAt < first.from && to < one.endedAt);
    return consumers.flatMap((second) => {
      const { name } = second;
      const looks = [second, first.consumers.find((one) => one.name === name) ?? UNKNOWN];
      const upTo = Math.min(...looks.map(({ handedOutUpTo }) => handedOutUpTo));
      const handedOut = Math.max(...looks.map((one) => one.handedOut));
      const its = held.filter(({ consumer, token }) => consumer === name && token <= upTo);
      const [some] = its;
      if (some === undefined || its.length <= handedOut || reported.has(`${name} ${some.run}`))
        return [];
      reported.add(`${name} ${some.run}`);
      const what = `${its.length} runs were held by messages of ${name}, and ${handedOut} of its messages were not acked`;
      return [{ check: "I4", run: some.run, what }];
    });
  });
}

/** A consumer that nobody told of: nothing follows from it. */
const UNKNOWN = { handedOut: 0, handedOutUpTo: 0 };

/**
 * When a run was held by which message: from the first frame of an activation to the frame that ended it, or a wake that took the
 * message's place.
 * @param {import("../evidence.mjs").LoggedRun} run
 */
function periodsOf(run) {
  const { id, frames, storedAt, consumers } = run;
  const replaced = replacedAt(run);
  /** @type {{ run: string, consumer: string | undefined, token: number, epoch: number, begunAt: number, endedAt: number }[]} */
  const periods = [];
  let isOpen = false;
  for (const { sequence, epoch, token, status } of frames) {
    const at = storedAt.get(sequence) ?? 0;
    const last = periods.at(-1);
    const goesOn = isOpen && last?.epoch === epoch && isActive(status);
    if (goesOn) continue;
    if (isOpen && last !== undefined) last.endedAt = Math.min(last.endedAt, at);
    isOpen = isActive(status);
    const endedAt = replaced.get(token) ?? Infinity;
    const period = { run: id, consumer: consumers.get(token), token, epoch, begunAt: at, endedAt };
    if (isOpen) periods.push(period);
  }
  return periods;
}

/** When the first wake was stored that stands for a message. @param {import("../evidence.mjs").LoggedRun} run */
function replacedAt({ inbox, storedAt }) {
  /** @type {Map<number, number>} */
  const replaced = new Map();
  for (const { sequence, data } of inbox) {
    const input = decodeInput(data);
    if (input.kind !== "ok" || input.value.body.type !== "Wake") continue;
    const at = storedAt.get(sequence) ?? 0;
    for (const token of input.value.body.replaces)
      replaced.set(token, Math.min(replaced.get(token) ?? Infinity, at));
  }
  return replaced;
}
