// @ts-check
import { standing } from "./standing.mjs";

/**
 * SIGSTOP of a nats-server for half a lease to three leases. Its connections stay open, and nobody answers.
 * @type {import("../field.mjs").Fault}
 */
export const pauseServer = {
  name: "pause-server",
  weight: 1,
  strike: async (field, random) => {
    const up = standing(field);
    if (up.length === 0) return undefined;
    const server = random.pick(up);
    const ms = Math.round(random.between(0.5, 3) * field.leaseMs);
    server.pause();
    return {
      what: `SIGSTOP server ${server.name} (${server.pid}) for ${ms} ms`,
      target: server.name,
      until: Date.now() + ms,
      heal: async () => server.resume(),
    };
  },
};
