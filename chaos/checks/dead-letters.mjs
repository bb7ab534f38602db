// @ts-check
import { GARBAGE } from "../faults/send-garbage.mjs";

/**
 * Nothing was set aside but what nobody can understand.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkDeadLetters({ deadLetters }) {
  const wrong = deadLetters.filter((subject) => !subject.includes(`.${GARBAGE}`));
  return wrong.map((what) => ({ check: "dead letters", run: "", what }));
}
