/**
 * Calls back when the signal aborts, at once if it has. The function it gives takes that back. A signal gets one listener,
 * however many wait for it: an `AbortSignal` searches all it has for each one that is added, and warns of many.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) {
    call();
    return () => undefined;
  }
  const waiting = calls.get(signal) ?? listenTo(signal);
  const own = (): void => call(); // The same function may wait twice.
  waiting.add(own);
  return () => waiting.delete(own);
}

const calls = new WeakMap<AbortSignal, Set<() => void>>();

function listenTo(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  calls.set(signal, waiting);
  const callAll = (): void => {
    for (const call of waiting) call();
  };
  signal.addEventListener("abort", callAll, { once: true });
  return waiting;
}
