import { constants } from "node:os";

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, so that work can be handed over. A second one ends the process at
 * once, after `onSecond`. Two within half a second are one: npm passes on a Ctrl-C that the terminal has sent already.
 */
export function stopSignal(onSecond: () => void = () => undefined): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        stoppedAt ??= performance.now();
        resolve(signal);
        if (performance.now() - stoppedAt < SAME_SIGNAL_MS) return;
        onSecond();
        process.exit(128 + constants.signals[signal]);
      });
    }
  });
}

const SAME_SIGNAL_MS = 500;
