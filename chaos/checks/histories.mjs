// @ts-check

/**
 * I2, I3: each history is one chain with one writer in an activation, activations are counted one by one, nothing has two
 * outcomes, and nothing follows the end.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkHistories({ runs }) {
  return [...runs.values()].flatMap((run) =>
    [...foreign(run), ...epochs(run), ...outcomes(run)].map(([check, what]) => ({
      check,
      run: run.id,
      what,
    })),
  );
}

/** @typedef {readonly [check: string, what: string]} Found */

/** @param {import("../evidence.mjs").LoggedRun} run @returns {Found[]} */
function foreign(run) {
  return run.foreign.map(({ sequence, reason }) => ["I2", `message ${sequence}: ${reason}`]);
}

/** @param {import("../evidence.mjs").LoggedRun} run @returns {Found[]} */
function epochs({ frames }) {
  return frames.flatMap(({ epoch, writer, sequence }, at) => {
    const before = frames[at - 1];
    if (epoch === before?.epoch) {
      return writer === before.writer
        ? []
        : [["I2", `epoch ${epoch} has two writers at ${sequence}`]];
    }
    if (epoch === (before?.epoch ?? 0) + 1) return [];
    return [["I2", `epoch ${epoch} follows ${before?.epoch ?? 0} at ${sequence}`]];
  });
}

/** @param {import("../evidence.mjs").LoggedRun} run @returns {Found[]} */
function outcomes({ frames }) {
  const seen = new Set();
  return frames
    .flatMap(({ events }) => events)
    .flatMap((event, at, all) => {
      const outcome = outcomeOf(event);
      if (ENDS.has(event.type) && at < all.length - 1)
        return [["I3", `something follows ${event.type}`]];
      if (outcome === undefined) return [];
      if (seen.has(outcome)) return [["I3", `${outcome} is recorded twice`]];
      seen.add(outcome);
      return [];
    });
}

/** @param {import("../../dist/engine/run-event.js").RunEvent} event */
function outcomeOf(event) {
  switch (event.type) {
    case "StepCompleted":
    case "StepFailed":
      return `the outcome of ${event.step}`;
    case "StepAttemptFailed":
      return `attempt ${event.attempt} of ${event.step}`;
    case "TimerFired":
      return `the end of ${event.timer}`;
    case "InputFolded":
      return `input ${event.sequence}`;
    case "ChildSubmitted":
      return `child ${event.child}`;
    default:
      return undefined;
  }
}

const ENDS = new Set(["Completed", "Failed", "Crashed", "Cancelled"]);
