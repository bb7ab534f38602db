// @ts-check
import { connected } from "./connections.mjs";

/**
 * What the broker hands out comes twice, in another order, and some of it more than a lease late, for one lease to five.
 * @type {import("../field.mjs").Fault}
 */
export const shuffleDeliveries = {
  name: "shuffle-deliveries",
  weight: 1,
  strike: async (field, random) => {
    const { name, proxy } = connected(field, random);
    const duplicate = random.between(0, 0.4);
    const reorder = random.between(0, 0.4);
    const delay = random.between(0, 0.1);
    const delayMs = Math.round(random.between(0.2, 2) * field.leaseMs);
    const window = 1 + random.below(16);
    const ms = Math.round(random.between(1, 5) * field.leaseMs);
    const before = { ...proxy.counts };
    proxy.shuffle({ duplicate, reorder, window, windowMs: 0.3 * field.leaseMs, delay, delayMs });
    return {
      what:
        `deliveries of ${name} for ${ms} ms: ${percent(duplicate)} twice, ${percent(reorder)} in another order, ` +
        `${percent(delay)} late by ${delayMs} ms`,
      target: name,
      until: Date.now() + ms,
      heal: async () => {
        proxy.shuffle({});
        const { duplicated, reordered, delayed } = proxy.counts;
        field.log(
          `Deliveries of ${name}: ${duplicated - before.duplicated} came twice, ` +
            `${reordered - before.reordered} in another order, ${delayed - before.delayed} late`,
        );
      },
    };
  },
};

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
