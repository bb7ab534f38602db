import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** How late this process's event loop is. One measurement serves all workers of the process. */
export class EventLoopLag {
  static #users = 0;
  static #histogram: IntervalHistogram | undefined;
  #isOpen = true;

  constructor() {
    EventLoopLag.#users++;
    EventLoopLag.#histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    EventLoopLag.#histogram.enable();
  }

  /** In milliseconds: since somebody last asked, 99 of 100 times no later. */
  take(): number {
    const histogram = EventLoopLag.#histogram;
    if (histogram === undefined || histogram.count === 0) return 0;
    // What is measured is the time between two turns of a timer.
    const lateMs = histogram.percentile(99) / NS_PER_MS - RESOLUTION_MS;
    histogram.reset();
    return Math.max(0, Math.round(lateMs * 10) / 10);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (--EventLoopLag.#users === 0) EventLoopLag.#histogram?.disable();
  }
}

const RESOLUTION_MS = 20;
const NS_PER_MS = 1_000_000;
