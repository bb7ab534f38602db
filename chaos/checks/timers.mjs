// @ts-check
import { executionsOf } from "./executions.mjs";

/** How much later than its own clock a broker may say that something was stored, and the other way round. */
const ROUNDING_MS = 1;

/**
 * Timers never fire early: not by the clock of whoever fires them, the broker's, or the ledger's, but for what the clock was
 * shifted, meanwhile, of a worker that set the timer or fired it.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkTimers(evidence) {
  const shift = shiftsOf(evidence);
  return [
    ...[...evidence.runs.values()].flatMap((run) => earlyInLog(run, shift)),
    ...earlyInLedger(evidence, shift),
  ];
}

/** @typedef {(workers: readonly string[], from: number, to: number) => number} Shift by how much clocks were wrong at most */

/** @param {import("../evidence.mjs").LoggedRun} run @param {Shift} shift */
function earlyInLog({ id, frames, storedAt }, shift) {
  /** @type {Map<string, { readonly fireAt: number, readonly setBy: string, readonly setAt: number }>} */
  const set = new Map();
  return frames.flatMap(({ sequence, writer, events }) =>
    events.flatMap((event) => {
      const stored = storedAt.get(sequence) ?? 0;
      if (event.type === "TimerSet") {
        set.set(event.timer, { fireAt: event.fireAt, setBy: writer, setAt: stored });
      }
      if (event.type !== "TimerFired") return [];
      const timer = set.get(event.timer);
      if (timer === undefined)
        return [{ check: "timer", run: id, what: `${event.timer} was not set` }];
      const shiftMs = shift([timer.setBy, writer], timer.setAt, stored);
      const earlyMs = timer.fireAt - Math.min(event.at, stored + ROUNDING_MS);
      if (earlyMs <= shiftMs) return [];
      return [{ check: "timer", run: id, what: `${event.timer} fired ${earlyMs} ms early` }];
    }),
  );
}

/** A nap lies between two steps. @param {import("../evidence.mjs").Evidence} evidence @param {Shift} shift */
function earlyInLedger(evidence, shift) {
  /** @type {Map<string, import("./executions.mjs").Execution>} */
  const before = new Map();
  /** @type {Map<string, import("./executions.mjs").Execution>} */
  const after = new Map();
  for (const execution of executionsOf(evidence)) {
    const [name, number = ""] = execution.step.split("#");
    const place = `${execution.run} ${number}`;
    if (name === "before-nap" && execution.end < (before.get(place)?.end ?? Infinity)) {
      before.set(place, execution);
    }
    if (name === "after-nap" && !after.has(place)) after.set(place, execution);
  }
  return [...after].flatMap(([place, woken]) => {
    const [run = "", number = ""] = place.split(" ");
    const naps = evidence.expected.get(run)?.input.ops.filter(({ op }) => op === "nap") ?? [];
    const nap = naps[Number(number) - 1];
    const asleep = before.get(place);
    if (nap?.op !== "nap" || asleep === undefined) return [];
    const sleptMs = woken.start - asleep.end + ROUNDING_MS;
    const shiftMs = shift([asleep.worker, woken.worker], asleep.end, woken.start);
    if (sleptMs + shiftMs >= nap.ms) return [];
    return [{ check: "timer", run, what: `it slept ${sleptMs} ms in place of ${nap.ms} ms` }];
  });
}

/** @param {import("../evidence.mjs").Evidence} evidence @returns {Shift} */
function shiftsOf({ ledger }) {
  const names = new Map();
  /** @type {Map<number, { readonly target: string | undefined, readonly ms: number, readonly from: number, readonly to: number }>} */
  const shifts = new Map();
  for (const entry of ledger) {
    if (entry.kind === "process") names.set(entry.id, entry.who);
    if (entry.kind === "struck" && entry.clockShiftMs !== undefined) {
      const { target, clockShiftMs: ms, at } = entry;
      shifts.set(entry.strike, { target, ms, from: at - NOTED_MS, to: Infinity });
    }
    const healed = entry.kind === "healed" ? shifts.get(entry.strike) : undefined;
    if (entry.kind === "healed" && healed !== undefined) {
      shifts.set(entry.strike, { ...healed, to: entry.at + NOTED_MS });
    }
  }
  return (workers, from, to) =>
    [...shifts.values()]
      .filter((one) => one.from <= to && from <= one.to)
      .filter(({ target }) => workers.some((worker) => names.get(worker) === target))
      .reduce((most, { ms }) => Math.max(most, ms), 0);
}

/** A strike is noted a moment after it was struck, and a clock is right a moment after it was healed. */
const NOTED_MS = 1_000;
