// @ts-check
import { executionsOf } from "./executions.mjs";

/**
 * @typedef {object} StepRepeats
 * @property {import("../evidence.mjs").Violation[]} violations
 * @property {number} executions of steps, in all
 * @property {number} repeated executions of an attempt that had been begun before: the worker's end came before its frame
 * @property {number} late among them, those that began when the attempt was recorded: by workers that had lost the run and did
 *   not know it yet
 */

/**
 * An attempt is executed again only if its outcome was not recorded. The one exception is a worker that has lost its run and
 * could not know it yet: one that was struck. In one activation no attempt is executed twice.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {StepRepeats}
 */
export function checkSteps(evidence) {
  const executions = executionsOf(evidence);
  const recorded = recordedAt(evidence);
  const wasStruck = strikesOf(evidence);
  const begun = new Set();
  const inEpoch = new Set();
  /** @type {import("../evidence.mjs").Violation[]} */
  const violations = [];
  let repeated = 0;
  let late = 0;
  for (const { run, step, attempt, worker, epoch, start } of executions) {
    const id = `${run} ${step} ${attempt}`;
    if (begun.has(id)) repeated++;
    begun.add(id);
    const once = `${id} ${worker} ${epoch}`;
    if (epoch > 0 && inEpoch.has(once)) {
      const what = `attempt ${attempt} of ${step} was executed twice in epoch ${epoch}`;
      violations.push({ check: "steps", run, what });
    }
    inEpoch.add(once);
    const record = recorded.get(id);
    if (record === undefined || record.at > start) continue;
    late++;
    if (epoch < record.epoch && wasStruck(worker, start)) continue;
    const what = `attempt ${attempt} of ${step} was executed by ${worker} in epoch ${epoch}, and was recorded in epoch ${record.epoch}`;
    violations.push({ check: "steps", run, what });
  }
  return { violations, executions: executions.length, repeated, late };
}

/**
 * When each attempt's outcome was recorded, and in which epoch.
 * @param {import("../evidence.mjs").Evidence} evidence
 */
function recordedAt({ runs }) {
  /** @type {Map<string, { readonly at: number, readonly epoch: number }>} */
  const recorded = new Map();
  for (const { id, frames, storedAt } of runs.values()) {
    for (const { sequence, epoch, events } of frames) {
      for (const event of events) {
        if (!OUTCOMES.has(event.type) || !("attempt" in event)) continue;
        const at = storedAt.get(sequence) ?? 0;
        recorded.set(`${id} ${event.step} ${event.attempt}`, { at, epoch });
      }
    }
  }
  return recorded;
}

const OUTCOMES = new Set(["StepCompleted", "StepFailed", "StepAttemptFailed"]);

/**
 * Whether a worker was struck shortly before a time, or something that all workers need.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {(worker: string, at: number) => boolean}
 */
function strikesOf({ ledger, leaseMs }) {
  const names = new Map();
  const members = new Set();
  /** @type {Map<number, { readonly targets: readonly string[], readonly from: number, readonly to: number }>} */
  const struck = new Map();
  for (const entry of ledger) {
    if (entry.kind === "process") names.set(entry.id, entry.who);
    if (entry.kind === "process") members.add(entry.who);
    if (entry.kind === "struck" && !HARMLESS.has(entry.fault))
      struck.set(entry.strike, {
        // A fault that strikes several names all of them.
        targets: entry.target?.split("+") ?? [],
        from: entry.at,
        to: Number.POSITIVE_INFINITY,
      });
    const healed = entry.kind === "healed" ? struck.get(entry.strike) : undefined;
    if (entry.kind === "healed" && healed !== undefined)
      struck.set(entry.strike, { ...healed, to: entry.at });
  }
  return (worker, at) =>
    [...struck.values()].some(
      ({ targets, from, to }) =>
        from <= at &&
        at <= to + AFTERMATH * leaseMs &&
        (targets.includes(names.get(worker) ?? "") || !targets.some((one) => members.has(one))),
    );
}

/** Faults that take no run from a worker, and hide nothing from it. */
const HARMLESS = new Set(["send-garbage"]);

/** Leases for which a worker may not know what became of its runs, after what struck it is healed. */
const AFTERMATH = 5;
