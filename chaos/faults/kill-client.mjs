// @ts-check

/**
 * `kill -9` of a client; its supervisor starts another one.
 * @type {import("../field.mjs").Fault}
 */
export const killClient = {
  name: "kill-client",
  weight: 1,
  strike: async (field, random) => {
    const up = field.clients.filter(({ isUp, isPaused }) => isUp && !isPaused);
    if (up.length === 0) return undefined;
    const client = random.pick(up);
    client.kill();
    return {
      what: `kill -9 ${client.name} (${client.pid})`,
      target: client.name,
      heal: async () => undefined,
    };
  },
};
