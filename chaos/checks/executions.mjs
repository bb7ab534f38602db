// @ts-check
/** What the ledger says of each execution of a step, put together. */

/**
 * @typedef {object} Execution
 * @property {string} run
 * @property {string} step
 * @property {number} attempt
 * @property {string} worker the worker's id
 * @property {string} [undoes]
 * @property {number} start the ledger's clock, as all times here
 * @property {number} end when it ended, or its process did
 * @property {boolean} isWhole it came to its end
 * @property {number} epoch of the activation that it belongs to; 0 for one that recorded nothing
 * @property {number} heldUntil when its worker had no right to the run any more
 */

/**
 * All executions, in the order in which they were begun.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {Execution[]}
 */
export function executionsOf({ ledger, runs }) {
  const deaths = deathsOf(ledger);
  const ends = new Map();
  for (const entry of ledger) {
    if (entry.kind === "end") ends.set(`${entry.worker}/${entry.execution}`, entry.at);
  }
  return ledger.flatMap((entry) => {
    if (entry.kind !== "start") return [];
    const { run, step, attempt, worker, undoes, at: start } = entry;
    const end = ends.get(`${worker}/${entry.execution}`);
    const logged = runs.get(run);
    const epoch = logged === undefined ? 0 : epochOf(logged, worker, start);
    return [
      {
        run,
        step,
        attempt,
        worker,
        ...(undoes === undefined ? {} : { undoes }),
        start,
        end: end ?? deaths.get(worker) ?? Number.POSITIVE_INFINITY,
        isWhole: end !== undefined,
        epoch,
        heldUntil: logged === undefined ? start : heldUntil(logged, epoch, start),
      },
    ];
  });
}

/**
 * When each worker's process ended, by the worker's id.
 * @param {readonly import("../ledger/entries.mjs").Entry[]} ledger
 */
export function deathsOf(ledger) {
  const ids = new Map();
  const deaths = new Map();
  for (const entry of ledger) {
    if (entry.kind === "process") ids.set(entry.pid, entry.id);
    if (entry.kind === "ended") deaths.set(ids.get(entry.pid), entry.at);
  }
  return deaths;
}

/**
 * The activation that a worker had at a time, or 0 for one of which nothing was recorded: a run that is surely new is begun
 * before its first frame is stored, and whoever loses it until then has left no trace. A message that comes twice as if for the
 * first time may begin one that has ended.
 * @param {import("../evidence.mjs").LoggedRun} run @param {string} worker @param {number} at
 */
function epochOf(run, worker, at) {
  const its = activationsOf(run).filter((one) => one.worker === worker);
  const { epoch = 0 } = its.findLast(({ begunAt }) => begunAt <= at) ?? {};
  return isOver(run, epoch, at) ? 0 : epoch;
}

/** Whether an activation had left the run, in good order. @param {import("../evidence.mjs").LoggedRun} run @param {number} epoch @param {number} at */
function isOver({ frames, storedAt }, epoch, at) {
  const last = frames.findLast((frame) => frame.epoch === epoch);
  return last !== undefined && !HELD.has(last.status) && (storedAt.get(last.sequence) ?? 0) < at;
}

/**
 * The activations of a run, in order.
 * @param {import("../evidence.mjs").LoggedRun} run
 */
export function activationsOf({ frames, storedAt }) {
  return frames.flatMap(({ sequence, epoch, events }) =>
    events.flatMap((event) => {
      if (event.type !== "Activated") return [];
      const { worker, reason } = event;
      const stored = storedAt.get(sequence) ?? 0;
      // Only a run that is surely new is begun before that is stored. Then its worker's clock says when, and may be wrong.
      const begunAt = epoch === 1 ? Math.min(event.at, stored) : stored;
      return [{ epoch, worker, reason, begunAt, storedAt: stored }];
    }),
  );
}

/**
 * The first frame after `start` by which an activation was over: another one's, or its own last.
 * @param {import("../evidence.mjs").LoggedRun} run @param {number} epoch @param {number} start
 */
function heldUntil({ frames, storedAt }, epoch, start) {
  for (const frame of frames) {
    const at = storedAt.get(frame.sequence) ?? 0;
    if (frame.epoch < epoch) continue;
    if (frame.epoch > epoch) return at;
    if (at >= start && !HELD.has(frame.status)) return at;
  }
  return Number.POSITIVE_INFINITY;
}

const HELD = new Set(["running", "awaiting-retry", "cancelling"]);
