// @ts-check
import { checkAccepted } from "./accepted.mjs";
import { checkChildren } from "./children.mjs";
import { checkDeadLetters } from "./dead-letters.mjs";
import { checkHistories } from "./histories.mjs";
import { checkLimits } from "./limits.mjs";
import { checkResults } from "./results.mjs";
import { checkSagas } from "./sagas.mjs";
import { checkSeen } from "./seen.mjs";
import { checkSignals } from "./signals.mjs";
import { checkSteps } from "./steps.mjs";
import { checkTimers } from "./timers.mjs";
import { checkTokens } from "./tokens.mjs";
import { checkViews } from "./views.mjs";

/**
 * All that must hold when chaos is over.
 * @param {import("../evidence.mjs").Evidence} evidence
 */
export function checkAll(evidence) {
  const steps = checkSteps(evidence);
  const limits = checkLimits(evidence);
  const violations = [
    ...checkSeen(evidence),
    ...checkAccepted(evidence),
    ...checkHistories(evidence),
    ...checkResults(evidence),
    ...steps.violations,
    ...checkSignals(evidence),
    ...checkTimers(evidence),
    ...limits.violations,
    ...checkSagas(evidence),
    ...checkChildren(evidence),
    ...checkTokens(evidence),
    ...checkViews(evidence),
    ...checkDeadLetters(evidence),
  ];
  return { violations, steps, overlaps: limits.overlaps, pressed: limits.pressed };
}
