// @ts-check

/**
 * Something was there to be checked: a chaos in which nothing was asked for, nothing was done, or nothing was struck shows
 * nothing, whatever the other checks say.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkSeen({ runs, ledger, views, samples }) {
  const seen = new Set(ledger.map(({ kind }) => kind));
  /** @type {readonly (readonly [boolean, string])[]} */
  const needed = [
    [seen.has("accepted"), "no submission was accepted"],
    [seen.has("start"), "no step was executed"],
    [seen.has("struck"), "no fault was struck"],
    [samples.length > 1, "nobody looked at the queues twice"],
    [runs.size > 0, "the log is empty"],
    [views.rebuilt.length > 0, "the view that was built anew is empty"],
  ];
  return needed.flatMap(([isThere, what]) => (isThere ? [] : [{ check: "seen", run: "", what }]));
}
