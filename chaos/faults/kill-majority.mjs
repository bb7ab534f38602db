// @ts-check
import { needsCluster, standing } from "./standing.mjs";

/**
 * `kill -9` of two of three servers for one lease to four: nothing can be stored, and nothing stored may be lost.
 * @type {import("../field.mjs").Fault}
 */
export const killMajority = {
  name: "kill-majority",
  weight: 0.5,
  needs: needsCluster,
  strike: async (field, random) => {
    const up = standing(field);
    if (up.length === 0) return undefined;
    const spared = random.pick(up);
    const killed = up.filter((server) => server !== spared);
    const ms = Math.round(random.between(1, 4) * field.leaseMs);
    await Promise.all(killed.map((server) => server.kill()));
    return {
      what: `kill -9 all servers but ${spared.name} for ${ms} ms`,
      target: killed.map(({ name }) => name).join("+"),
      until: Date.now() + ms,
      heal: async () => {
        await Promise.all(killed.map((server) => server.start()));
      },
    };
  },
};
