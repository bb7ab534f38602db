// @ts-check

/**
 * SIGSTOP of a client for half a lease to three leases.
 * @type {import("../field.mjs").Fault}
 */
export const pauseClient = {
  name: "pause-client",
  weight: 1,
  strike: async (field, random) => {
    const up = field.clients.filter(({ isUp, isPaused }) => isUp && !isPaused);
    if (up.length === 0) return undefined;
    const client = random.pick(up);
    const ms = Math.round(random.between(0.5, 3) * field.leaseMs);
    client.pause();
    return {
      what: `SIGSTOP ${client.name} (${client.pid}) for ${ms} ms`,
      target: client.name,
      until: Date.now() + ms,
      heal: async () => client.resume(),
    };
  },
};
