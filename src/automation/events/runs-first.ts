import { performance } from "node:perf_hooks";
import type { Clock } from "../../ports/clock.ts";
import { pause } from "./pause.ts";

/**
 * Leaves the process to its runs: while they keep it busy, what is told of them waits. Between batches of a backlog it rests, and sees
 * by how much the event loop does meanwhile whether it should rest longer.
 */
export class RunsFirst {
  readonly #clock: Clock;
  #areRunsBusy = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** After a batch of so many messages that took so long, in milliseconds. */
  async rest(count: number, tookMs: number, stopping: AbortSignal): Promise<void> {
    if (count < BACKLOG || tookMs <= 0) return;
    const ms = Math.min(LONGEST_MS, tookMs * (this.#areRunsBusy ? BUSY_SHARE : IDLE_SHARE));
    const before = performance.eventLoopUtilization();
    await pause(this.#clock, Math.max(1, Math.round(ms)), stopping);
    const { utilization } = performance.eventLoopUtilization(before);
    this.#areRunsBusy = utilization > BUSY;
  }
}

/** Fewer messages are no backlog: they are told of at once. */
const BACKLOG = 64;
/** Of the time that a batch took. */
const BUSY_SHARE = 4;
const IDLE_SHARE = 0.1;
const LONGEST_MS = 500;
/** Share of the time in which the event loop does something. */
const BUSY = 0.7;
