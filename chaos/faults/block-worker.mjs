// @ts-check

/**
 * The event loop of a worker stands still for half a lease to three leases. Its leases are kept by a thread of their own
 * (I12), so its runs stay its own: this must not count as a crash.
 * @type {import("../field.mjs").Fault}
 */
export const blockWorker = {
  name: "block-worker",
  weight: 1,
  strike: async (field, random) => {
    const up = field.workers.filter(({ isUp, isPaused, isReady }) => isUp && !isPaused && isReady);
    if (up.length === 0) return undefined;
    const worker = random.pick(up);
    const ms = Math.round(random.between(0.5, 3) * field.leaseMs);
    worker.tell({ do: "block", ms });
    return {
      what: `event loop of ${worker.name} (${worker.pid}) blocked for ${ms} ms`,
      target: worker.name,
      until: Date.now() + ms,
      heal: async () => undefined,
    };
  },
};
