// @ts-check
import { join } from "node:path";

/**
 * Replaces workers by those of another build of their flows, and of an older engine if there is one, one after the other: each drains (SIGTERM), and its runs go on elsewhere.
 * @type {import("../field.mjs").Fault}
 */
export const rollWorkers = {
  name: "roll-workers",
  weight: 0.5,
  strike: async (field, random) => {
    const here = join(import.meta.dirname, "..");
    const builds = [
      { build: "a", home: here },
      { build: "b", home: here },
      ...(field.older === undefined ? [] : [{ build: "older", home: join(field.older, "chaos") }]),
    ];
    const next = random.pick(builds);
    const count = 1 + random.below(field.workers.length);
    const rolled = field.workers.slice(0, count);
    const rolling = roll();
    rolling.catch(() => undefined); // `heal` tells.
    return {
      what: `SIGTERM of ${rolled.map(({ name }) => name).join(", ")}, to build ${next.build}`,
      target: rolled.map(({ name }) => name).join("+"),
      heal: () => rolling,
    };

    async function roll() {
      for (const worker of rolled) {
        worker.settle(next);
        await worker.roll();
      }
    }
  },
};
