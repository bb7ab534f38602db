// @ts-check

/** The builds of the load's flows. A worker's next process is of the other one. */
const BUILDS = /** @type {const} */ (["a", "b"]);

/**
 * Replaces workers by those of another build, one after the other: each drains (SIGTERM), and its runs go on elsewhere.
 * @type {import("../field.mjs").Fault}
 */
export const rollWorkers = {
  name: "roll-workers",
  weight: 0.5,
  strike: async (field, random) => {
    const build = random.pick(BUILDS);
    const count = 1 + random.below(field.workers.length);
    const rolled = field.workers.slice(0, count);
    const rolling = roll();
    rolling.catch(() => undefined); // `heal` tells.
    return {
      what: `SIGTERM of ${rolled.map(({ name }) => name).join(", ")}, to build ${build}`,
      target: rolled.map(({ name }) => name).join("+"),
      heal: () => rolling,
    };

    async function roll() {
      for (const worker of rolled) {
        worker.settle({ build });
        await worker.roll();
      }
    }
  },
};
