/** How often a publisher of events looks after what, in milliseconds, and what it keeps in memory. */
export interface PublisherLimits {
  /** How long another worker waits for one that died. */
  readonly leaseMs: number;
  /** Longest time without a mark while there is something to mark. */
  readonly markMs: number;
  readonly settingsMs: number;
  /** The pause after a failure. */
  readonly retryMs: number;
  /** What the facts of runs may take. */
  readonly factsBytes: number;
  /** Messages that are folded in one go: for so long nothing else in the process has its turn. */
  readonly batch: number;
}

export const PUBLISHER_LIMITS: PublisherLimits = Object.freeze({
  leaseMs: 5_000,
  markMs: 500,
  settingsMs: 5_000,
  retryMs: 1_000,
  factsBytes: 8_388_608,
  batch: 256,
});
