/** Time as the worker and client see it. Tests drive one by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after at least `delayMs`; the function it gives takes the call back. */
  after(delayMs: number, call: () => void): () => void;
}

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
