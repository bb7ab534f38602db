// @ts-check

/**
 * The disk of a nats-server is full for half a lease to three leases. The server says so once, and then stores nothing any
 * more on the streams that it could not write to, also when there is room again: it has to be started again, and is.
 * @type {import("../field.mjs").Fault}
 */
export const fillDisk = {
  name: "fill-disk",
  weight: 0.5,
  needs: ({ servers }) => {
    const reasons = servers.flatMap(({ disk }) => (typeof disk === "string" ? [disk] : []));
    return reasons.length < servers.length ? undefined : reasons.at(-1);
  },
  strike: async (field, random) => {
    const struck = field.servers.find(
      ({ isUp, isPaused, disk }) => isUp && !isPaused && typeof disk !== "string",
    );
    if (struck === undefined || typeof struck.disk === "string") return undefined;
    const { name, disk } = struck;
    const ms = Math.round(random.between(0.5, 3) * field.leaseMs);
    const spareBytes = random.below(64) * 1024;
    await disk.fill(spareBytes);
    return {
      what: `the disk of ${name} has room for ${spareBytes} bytes, for ${ms} ms`,
      target: name,
      until: Date.now() + ms,
      heal: async () => {
        await disk.free();
        await struck.stop();
        await struck.start();
      },
    };
  },
};
