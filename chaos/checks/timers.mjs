// @ts-check
import { executionsOf } from "./executions.mjs";

/** How much later than its own clock a broker may say that something was stored, and the other way round. */
const ROUNDING_MS = 1;

/**
 * Timers never fire early: by the writer's own clock not at all, by the broker's and the ledger's not beyond what clocks were
 * shifted.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkTimers(evidence) {
  const { runs, ledger } = evidence;
  const shiftMs = ledger.reduce(
    (most, entry) => (entry.kind === "struck" ? Math.max(most, entry.clockShiftMs ?? 0) : most),
    0,
  );
  return [
    ...[...runs.values()].flatMap((run) => earlyInLog(run, shiftMs)),
    ...earlyInLedger(evidence, shiftMs),
  ];
}

/** @param {import("../evidence.mjs").LoggedRun} run @param {number} shiftMs */
function earlyInLog({ id, frames, storedAt }, shiftMs) {
  const due = new Map();
  return frames.flatMap(({ sequence, events }) =>
    events.flatMap((event) => {
      if (event.type === "TimerSet") due.set(event.timer, event.fireAt);
      if (event.type !== "TimerFired") return [];
      const fireAt = due.get(event.timer) ?? Number.POSITIVE_INFINITY;
      const stored = (storedAt.get(sequence) ?? 0) + shiftMs + ROUNDING_MS;
      if (event.at >= fireAt && stored >= fireAt) return [];
      const earlyMs = fireAt - Math.min(event.at, stored);
      return [{ check: "timer", run: id, what: `${event.timer} fired ${earlyMs} ms early` }];
    }),
  );
}

/** A nap lies between two steps. @param {import("../evidence.mjs").Evidence} evidence @param {number} shiftMs */
function earlyInLedger(evidence, shiftMs) {
  /** @type {Map<string, number>} */
  const before = new Map();
  /** @type {Map<string, number>} */
  const after = new Map();
  for (const { run, step, start, end } of executionsOf(evidence)) {
    const [name = "", number = ""] = step.split("#");
    const place = `${run} ${number}`;
    if (name === "before-nap") before.set(place, Math.min(before.get(place) ?? end, end));
    if (name === "after-nap") after.set(place, Math.min(after.get(place) ?? start, start));
  }
  return [...after].flatMap(([place, end]) => {
    const [run = "", number = ""] = place.split(" ");
    const naps = evidence.expected.get(run)?.input.ops.filter(({ op }) => op === "nap") ?? [];
    const nap = naps[Number(number) - 1];
    const sleptMs = end - (before.get(place) ?? end);
    if (nap?.op !== "nap" || sleptMs + shiftMs + ROUNDING_MS >= nap.ms) return [];
    return [{ check: "timer", run, what: `it slept ${sleptMs} ms in place of ${nap.ms} ms` }];
  });
}
