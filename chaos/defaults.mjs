// @ts-check

/** What is not said is so. */
export const DEFAULTS = Object.freeze({
  minutes: 1,
  topology: /** @type {const} */ ("one"),
  faults: Object.freeze([]),
  rate: 4,
  leaseMs: 1_000,
  paceMs: 3_000,
  workers: 3,
  clients: 2,
  older: undefined,
  settleMinutes: 3,
  keep: false,
});
