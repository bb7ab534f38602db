// @ts-check

/**
 * Nothing was set aside: nobody sent anything that could not be understood.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkDeadLetters({ deadLetters }) {
  return deadLetters.map((what) => ({ check: "dead letters", run: "", what }));
}
