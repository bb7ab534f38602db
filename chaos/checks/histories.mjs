// @ts-check
import { verifyRun } from "../../dist/history/verify-run.js";

/**
 * I2, I3, I6: each history is one chain with one writer in an activation, activations are counted one by one, nothing has two
 * outcomes, nothing follows the end, and inputs are folded once: all that `millrace verify` looks for.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkHistories({ runs }) {
  return [...runs.values()].flatMap(({ id, submissions, frames, foreign, inbox }) => {
    const [submission] = submissions;
    if (submission === undefined) return []; // That is found where submissions are counted.
    return verifyRun({ submission, frames, foreign, inbox }).map(({ kind, sentence }) => ({
      check: kind,
      run: id,
      what: sentence,
    }));
  });
}
