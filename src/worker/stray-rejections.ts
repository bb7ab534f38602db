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

/** Watches until the function it gives is called. However many workers watch, the process has one listener of ours. */
export function watchStrayRejections(log: Logger): () => void {
  const watch = { log };
  if (watches.size === 0) process.on("unhandledRejection", onRejection);
  watches.add(watch);
  return () => {
    if (watches.delete(watch) && watches.size === 0) process.off("unhandledRejection", onRejection);
  };
}

const watches = new Set<{ readonly log: Logger }>();

function onRejection(reason: unknown): void {
  if (reason instanceof Error && own.has(reason)) {
    const [watch] = watches;
    watch?.log.warn({ err: reason }, "A flow did not await a step that failed");
    return;
  }
  // With a listener there Node does nothing: keep what it does without one, unless somebody else listens too.
  if (process.listenerCount("unhandledRejection") > 1) return;
  throw reason;
}
