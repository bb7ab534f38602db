/**
 * A flow may leave a promise of its context alone: a race's loser that fails later, a step that nobody awaits. That is
 * no reason for Node to end the process (I11). Errors that came out of a context are marked, and a rejection with one
 * that nobody handled is only logged; all others keep Node's default.
 */
import type { Logger } from "pino";

const own = new WeakSet<Error>();

export function markOwn<E extends Error>(error: E): E {
  own.add(error);
  return error;
}

/** Watches until the function it gives is called. */
export function watchStrayRejections(log: Logger): () => void {
  const onRejection = (reason: unknown): void => {
    if (reason instanceof Error && own.has(reason)) {
      log.warn({ err: reason }, "A flow did not await a step that failed");
      return;
    }
    // With a listener there Node does nothing: keep what it does without one, unless somebody else listens too.
    if (process.listenerCount("unhandledRejection") > 1) return;
    throw reason;
  };
  process.on("unhandledRejection", onRejection);
  return () => process.off("unhandledRejection", onRejection);
}
