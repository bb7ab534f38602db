/**
 * Resolves when the microtask queue has run empty: whatever the flow does with the event that it was just shown, it has
 * done by then. A tick that is asked for in a microtask runs after all microtasks.
 */
export function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}
