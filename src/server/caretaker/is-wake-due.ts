import type { RunInput } from "../../engine/input.ts";

/**
 * Whether a run with these unfolded inputs, all of which somebody was handed, is to be woken by one more wake: when the
 * oldest input is `patienceMs` old, and then after twice, four times, eight times as long, for those who are handed them may
 * be at it. `now` is in milliseconds since 1970.
 */
export function isWakeDue(inputs: readonly RunInput[], now: number, patienceMs: number): boolean {
  // The sender's clock may be anyone's: what comes from the future counts as old.
  const ages = inputs.map(({ sentAt }) =>
    sentAt > now + MAX_SKEW_MS ? Number.MAX_VALUE : now - sentAt,
  );
  const wakes = ages.filter((_, at) => inputs[at]?.body.type === "Wake");
  return wakes.length === 0
    ? Math.max(...ages) >= patienceMs
    : Math.min(...wakes) >= Math.min(MAX_WAIT_MS, patienceMs * 2 ** wakes.length);
}

const MAX_SKEW_MS = 60_000;
const MAX_WAIT_MS = 3_600_000;
