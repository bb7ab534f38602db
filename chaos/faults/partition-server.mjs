// @ts-check
import { needsCluster } from "./standing.mjs";

/**
 * One server of a cluster is parted from the others for one lease to four, and goes on to speak with its clients: it has no
 * majority, and must not confirm anything. What was on its way is held, or lost.
 * @type {import("../field.mjs").Fault}
 */
export const partitionServer = {
  name: "partition-server",
  weight: 1,
  needs: needsCluster,
  strike: async (field, random) => {
    const whole = field.servers.filter(({ isUp, isPaused }) => isUp && !isPaused);
    if (whole.length === 0) return undefined;
    const { name, routes } = random.pick(whole);
    const ms = Math.round(random.between(1, 4) * field.leaseMs);
    const gate = random.pick(/** @type {const} */ (["hold", "swallow"]));
    for (const route of routes) route.set({ up: gate, down: gate });
    return {
      what: `${name} parted from the other servers for ${ms} ms (${gate})`,
      target: name,
      until: Date.now() + ms,
      heal: async () => {
        for (const route of routes) route.heal();
      },
    };
  },
};
