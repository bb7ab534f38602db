// @ts-check
import { standing } from "./standing.mjs";

/**
 * `kill -9` of a nats-server, which stands again after up to a lease and a half.
 * @type {import("../field.mjs").Fault}
 */
export const killServer = {
  name: "kill-server",
  weight: 1,
  strike: async (field, random) => {
    const up = standing(field);
    if (up.length === 0) return undefined;
    const server = random.pick(up);
    const ms = Math.round(random.between(0, 1.5) * field.leaseMs);
    const { name, pid } = server;
    await server.kill();
    return {
      what: `kill -9 server ${name} (${pid}) for ${ms} ms`,
      target: name,
      until: Date.now() + ms,
      heal: () => server.start(),
    };
  },
};
