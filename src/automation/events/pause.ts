import type { Clock, TimerPurpose } from "../../ports/clock.ts";

/** Waits, or until the signal aborts. */
export function pause(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  purpose?: TimerPurpose,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done, purpose);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
