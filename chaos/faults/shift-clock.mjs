// @ts-check

/**
 * The clock of a worker or a client jumps forward or back by one second to 80 seconds, in all of its threads, and later
 * back to the right time: that is a second jump.
 * @type {import("../field.mjs").Fault}
 */
export const shiftClock = {
  name: "shift-clock",
  weight: 1,
  strike: async (field, random) => {
    const up = [...field.workers, ...field.clients].filter(
      ({ isUp, isPaused, isReady }) => isUp && !isPaused && isReady,
    );
    if (up.length === 0) return undefined;
    const member = random.pick(up);
    const { name, pid } = member;
    // Small jumps are as likely as large ones.
    const sizeMs = Math.round(1_000 * 80 ** random.fraction());
    const ms = random.chance(0.5) ? sizeMs : -sizeMs;
    member.tell({ do: "shift-clock", ms });
    return {
      what: `clock of ${name} (${pid}) ${ms > 0 ? "forward" : "back"} by ${sizeMs} ms`,
      target: name,
      clockShiftMs: sizeMs,
      until: Date.now() + random.between(1, 10) * field.leaseMs,
      heal: async () => {
        // Whoever has taken its place has a clock that is right.
        if (member.pid === pid) member.tell({ do: "shift-clock", ms: 0 });
      },
    };
  },
};
