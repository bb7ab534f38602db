// @ts-check
import { executionsOf } from "./executions.mjs";

/**
 * Sagas are undone in the reverse order: what was recorded as done is undone once, the last first, and no compensation begins
 * before the one of what came after it has ended.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkSagas(evidence) {
  /** @type {Map<string, import("./executions.mjs").Execution[]>} */
  const undoing = new Map();
  for (const execution of executionsOf(evidence)) {
    if (execution.undoes === undefined) continue;
    const saga = `${execution.run} ${execution.undoes.split("/")[0]}`;
    undoing.set(saga, [...(undoing.get(saga) ?? []), execution]);
  }
  return [
    ...[...undoing].flatMap(([saga, executions]) =>
      outOfOrder(saga.split(" ")[0] ?? "", executions),
    ),
    ...[...evidence.expected.values()].flatMap((one) => notUndone(one, evidence, undoing)),
  ];
}

/** @param {string} run @param {readonly import("./executions.mjs").Execution[]} executions of one saga */
function outOfOrder(run, executions) {
  const begun = new Map();
  const ended = new Map();
  for (const { undoes, start, end, isWhole } of executions) {
    const at = placeOf(undoes);
    begun.set(at, Math.min(begun.get(at) ?? start, start));
    if (isWhole) ended.set(at, Math.min(ended.get(at) ?? end, end));
  }
  return [...begun].flatMap(([at, start]) => {
    const early = [...begun.keys()].some((later) => later > at && !(ended.get(later) <= start));
    return early
      ? [{ check: "sagas", run, what: `part ${at} was undone before what came after it` }]
      : [];
  });
}

/**
 * A run that was not stopped undid all of each saga that was to fail, and nothing of the others.
 * @param {import("../load/model.mjs").Expected} expected
 * @param {import("../evidence.mjs").Evidence} evidence
 * @param {ReadonlyMap<string, readonly import("./executions.mjs").Execution[]>} undoing
 */
function notUndone({ id, input, ends }, { runs }, undoing) {
  const status = runs.get(id)?.frames.at(-1)?.status;
  if (status !== "completed" || ends.length !== 1) return [];
  return input.ops.flatMap((op, place) => {
    if (op.op !== "saga") return [];
    const undone = new Set((undoing.get(`${id} ${place}`) ?? []).map(({ undoes }) => undoes));
    const right = op.fails ? op.count : 0;
    if (undone.size === right) return [];
    return [{ check: "sagas", run: id, what: `${undone.size} of ${right} parts were undone` }];
  });
}

/** @param {string | undefined} undoes */
function placeOf(undoes) {
  return Number(undoes?.split("/")[1]);
}
