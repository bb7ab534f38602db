import { setTimeout as delay } from "node:timers/promises";

/** Asks until `check` gives something, or gives up with `undefined` after `timeoutMs`. */
export async function poll<T>(
  check: () => Promise<T | undefined>,
  options: PollOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await check();
    if (answer !== undefined || performance.now() >= deadline) return answer;
    await delay(options.intervalMs);
  }
}

export interface PollOptions {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal?: AbortSignal | undefined;
}
