// @ts-check

/**
 * `kill -9` of a worker; its supervisor starts another one.
 * @type {import("../field.mjs").Fault}
 */
export const killWorker = {
  name: "kill-worker",
  weight: 2,
  strike: async (field, random) => {
    const up = field.workers.filter(({ isUp, isPaused }) => isUp && !isPaused);
    if (up.length === 0) return undefined;
    const worker = random.pick(up);
    worker.kill();
    return {
      what: `kill -9 ${worker.name} (${worker.pid})`,
      target: worker.name,
      heal: async () => undefined,
    };
  },
};
