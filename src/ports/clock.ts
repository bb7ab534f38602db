/** Time as the worker and client see it. Tests drive one by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls back once after at least `delayMs`; the function it gives takes the call back. A clock that skips time may leave out
   * all but one of the rounds of `upkeep`.
   */
  after(delayMs: number, call: () => void, purpose?: TimerPurpose): () => void;
}

/**
 * `upkeep` is what is done again and again and changes nothing as long as all is well: leases are renewed, a worker says that it
 * lives, what should have been told is looked up all the same. Of many rounds in which nothing else happens one does as well.
 */
export type TimerPurpose = "upkeep";

/** `setTimeout` takes no longer delay. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The machine's clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, call) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : call()), stepMs);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
