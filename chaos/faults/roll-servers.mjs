// @ts-check
import { caughtUp } from "./placed-replicas.mjs";
import { standing } from "./standing.mjs";

/**
 * Restarts all servers in good order, one after the other, each when the one before has caught up: what an update does.
 * @type {import("../field.mjs").Fault}
 */
export const rollServers = {
  name: "roll-servers",
  weight: 0.3,
  strike: async (field) => {
    const up = standing(field);
    if (up.length === 0) return undefined;
    const rolling = roll();
    rolling.catch(() => undefined); // `heal` tells.
    return {
      what: `SIGTERM and start of ${up.map(({ name }) => name).join(", ")}, one after the other`,
      target: up.map(({ name }) => name).join("+"),
      heal: () => rolling,
    };

    async function roll() {
      for (const server of up) {
        await server.stop();
        await server.start();
        if (field.topology === "cluster") await caughtUp(field, CAUGHT_UP_MS);
      }
    }
  },
};

const CAUGHT_UP_MS = 15_000;
