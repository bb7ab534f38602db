// @ts-check
import { LIMITS } from "../load/model.mjs";
import { executionsOf } from "./executions.mjs";

/**
 * No more runs execute at once than their queue or key allows. An execution counts as long as its worker had the run: one that
 * was stopped, or cut off, may go on for a while with a run that others have taken over. Those overlaps are counted apart.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {{ violations: import("../evidence.mjs").Violation[], overlaps: number, pressed: number }}
 *   `pressed`: how many executions were begun beside as many other runs' as the limit lets in
 */
export function checkLimits(evidence) {
  /** @type {Map<string, import("./executions.mjs").Execution[]>} */
  const groups = new Map();
  for (const execution of executionsOf(evidence)) {
    const group = groupOf(execution.run, evidence);
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), execution]);
  }
  /** @type {import("../evidence.mjs").Violation[]} */
  const violations = [];
  let overlaps = 0;
  let pressed = 0;
  for (const [group, executions] of groups) {
    const limit = group === "narrow" ? LIMITS.narrow : LIMITS.keyed;
    overlaps += tooMany(executions, limit, ({ end }) => end).length;
    pressed += tooMany(executions, limit - 1, hadUntil).length;
    for (const runs of tooMany(executions, limit, hadUntil)) {
      const what = `${runs.join(", ")} executed at once, and the limit of ${group} is ${limit}`;
      violations.push({ check: "limits", run: runs.at(-1) ?? "", what });
    }
  }
  return { violations, overlaps: overlaps - violations.length, pressed };
}

/** When its worker had the run no more, or the execution was over. @param {import("./executions.mjs").Execution} execution */
function hadUntil({ end, heldUntil }) {
  return Math.min(end, heldUntil);
}

/** @param {string} run @param {import("../evidence.mjs").Evidence} evidence */
function groupOf(run, { expected }) {
  const flow = run.slice(0, run.indexOf(":"));
  if (flow === "narrow") return "narrow";
  return flow === "keyed" ? `key ${expected.get(run)?.input.key}` : undefined;
}

/**
 * The runs that executed at once, for each beginning of an execution at which there were too many.
 * @param {readonly import("./executions.mjs").Execution[]} executions in the order of their starts
 * @param {number} limit
 * @param {(execution: import("./executions.mjs").Execution) => number} endOf
 */
function tooMany(executions, limit, endOf) {
  /** @type {import("./executions.mjs").Execution[]} */
  let going = [];
  return executions.flatMap((execution) => {
    going = going.filter((one) => endOf(one) > execution.start);
    if (endOf(execution) > execution.start) going.push(execution);
    const runs = [...new Set(going.map(({ run }) => run))];
    return runs.length > limit ? [runs] : [];
  });
}
