// @ts-check

/**
 * SIGSTOP of a worker for half a lease to three leases.
 * @type {import("../field.mjs").Fault}
 */
export const pauseWorker = {
  name: "pause-worker",
  weight: 2,
  strike: async (field, random) => {
    const up = field.workers.filter(({ isUp, isPaused }) => isUp && !isPaused);
    if (up.length === 0) return undefined;
    const worker = random.pick(up);
    const ms = Math.round(random.between(0.5, 3) * field.leaseMs);
    worker.pause();
    return {
      what: `SIGSTOP ${worker.name} (${worker.pid}) for ${ms} ms`,
      target: worker.name,
      until: Date.now() + ms,
      heal: async () => worker.resume(),
    };
  },
};
