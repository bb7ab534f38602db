import type { WebhookEndpoint } from "./webhook-spec.ts";

/**
 * The endpoint after an attempt that was made with its configuration of `version`, or the same one when nothing is to be kept of it.
 * Failures with a configuration that was changed meanwhile say nothing about the new one. `at`: milliseconds since 1970.
 */
export function afterAttempt(
  endpoint: WebhookEndpoint,
  version: number,
  outcome: "delivered" | "failed" | "gone",
  at: number,
): WebhookEndpoint {
  if (endpoint.version !== version || endpoint.disabled !== undefined) return endpoint;
  if (outcome === "delivered") {
    return endpoint.failing === undefined ? endpoint : { ...endpoint, failing: undefined };
  }
  const { since = at, attempts = 0 } = endpoint.failing ?? {};
  const failing = { since, attempts: attempts + 1 };
  const failed: WebhookEndpoint = { ...endpoint, failing };
  if (outcome === "gone") {
    const reason = "The receiver answered 410 Gone: it wants no more deliveries.";
    return { ...failed, disabled: { at, reason, by: "gone", isTold: false } };
  }
  const { disableAfter } = endpoint;
  if (disableAfter === undefined) return failed;
  if (failing.attempts < disableAfter.attempts || at - since < disableAfter.afterMs) return failed;
  const reason = `${failing.attempts} attempts in a row failed, over ${Math.floor((at - since) / 1_000)} s.`;
  return { ...failed, disabled: { at, reason, by: "failures", isTold: false } };
}
