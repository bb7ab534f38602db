/** How often a publisher of events looks after what, in milliseconds. */
export interface PublisherTimings {
  /** How long another worker waits for one that died. */
  readonly leaseMs: number;
  /** Longest time without a mark while there is something to mark. */
  readonly markMs: number;
  readonly settingsMs: number;
  /** The pause after a failure. */
  readonly retryMs: number;
}

export const PUBLISHER_TIMINGS: PublisherTimings = Object.freeze({
  leaseMs: 5_000,
  markMs: 500,
  settingsMs: 2_000,
  retryMs: 1_000,
});
