// @ts-check
/** Figures, no verdicts. */
import { activationsOf, deathsOf } from "./executions.mjs";

/**
 * How long the runs of a worker stood still that was struck, by the kind of fault: from the strike until another worker had
 * recorded that it goes on.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {Map<string, number[]>} milliseconds
 */
export function takeOvers({ runs, ledger }) {
  const names = new Map();
  for (const entry of ledger) if (entry.kind === "process") names.set(entry.id, entry.who);
  // What strikes neither a worker nor a client strikes what all of them need.
  const members = new Set(ledger.flatMap((entry) => (entry.kind === "process" ? [entry.who] : [])));
  const strikes = ledger.flatMap((entry) => (entry.kind === "struck" ? [entry] : []));
  const deaths = deathsOf(ledger);
  /** @type {Map<string, number[]>} */
  const times = new Map();
  for (const run of runs.values()) {
    const activations = activationsOf(run);
    for (const [at, activation] of activations.entries()) {
      const before = activations[at - 1];
      if (before === undefined || activation.reason !== "takeover") continue;
      const who = names.get(before.worker);
      // What came after its end struck who came after it.
      const until = Math.min(
        activation.storedAt,
        (deaths.get(before.worker) ?? Infinity) + NOTED_MS,
      );
      const recent = strikes.filter(
        (strike) => strike.at <= until && strike.at >= activation.storedAt - LONGEST_MS,
      );
      const ofIts = recent.findLast(({ target }) => target === who);
      const ofAll = recent.findLast(({ target }) => target === undefined || !members.has(target));
      // A process that is dead was killed. One that lives lost its run to what came last.
      const isDead = (deaths.get(before.worker) ?? Infinity) <= activation.storedAt;
      const strike = isDead ? (ofIts ?? ofAll) : lastOf(ofIts, ofAll);
      const fault = strike?.fault ?? "none";
      const ms =
        strike === undefined ? 0 : activation.storedAt - Math.max(strike.at, before.storedAt);
      times.set(fault, [...(times.get(fault) ?? []), ms]);
    }
  }
  return times;
}

/**
 * @template {{ readonly at: number }} T
 * @param {T | undefined} one
 * @param {T | undefined} other
 */
function lastOf(one, other) {
  return (one?.at ?? 0) > (other?.at ?? 0) ? one : other;
}

/** What happened before that is not what a take-over came from. */
const LONGEST_MS = 60_000;
/** A strike is noted a moment after it was struck. */
const NOTED_MS = 100;

/**
 * The longest time in which nothing was recorded of any run, while some were open.
 * @param {import("../evidence.mjs").Evidence} evidence
 */
export function longestStallMs({ runs, ledger }) {
  const begun = ledger.find(({ kind }) => kind === "accepted")?.at ?? 0;
  const over = ledger.findLast(({ kind }) => kind === "done")?.at ?? 0;
  const times = [...runs.values()]
    .flatMap(({ frames, storedAt }) => frames.map(({ sequence }) => storedAt.get(sequence) ?? 0))
    .filter((at) => at >= begun && at <= over)
    .toSorted((one, other) => one - other);
  return times.reduce((most, at, index) => Math.max(most, at - (times[index - 1] ?? at)), 0);
}

/**
 * By how much timers were late, in milliseconds: measured by the broker's clock, whatever was done to those of workers.
 * @param {import("../evidence.mjs").Evidence} evidence
 */
export function timerDelays({ runs }) {
  return [...runs.values()].flatMap(({ frames, storedAt }) => {
    const due = new Map();
    return frames.flatMap(({ sequence, events }) => {
      const at = storedAt.get(sequence) ?? 0;
      return events.flatMap((event) => {
        if (event.type === "TimerSet") due.set(event.timer, at + event.fireAt - event.at);
        return event.type === "TimerFired" ? [at - (due.get(event.timer) ?? at)] : [];
      });
    });
  });
}

/**
 * How many worker processes there were, and how many processes of workers and clients ended.
 * @param {import("../evidence.mjs").Evidence} evidence
 */
export function workerProcesses({ ledger }) {
  const begun = ledger.filter((entry) => entry.kind === "process" && entry.id !== "").length;
  return { begun, ended: ledger.filter(({ kind }) => kind === "ended").length };
}

/** @param {readonly number[]} values */
export function spread(values) {
  const sorted = values.toSorted((one, other) => one - other);
  /** @param {number} share */
  const at = (share) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
