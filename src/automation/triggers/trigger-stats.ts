import type { Clock } from "../../ports/clock.ts";
import type { ControlStore } from "../../ports/control-store.ts";
import {
  decodeTriggerStats,
  encodeTriggerStats,
  NO_STATS,
  type TriggerStats,
  triggerStatsKey,
} from "../../wire/trigger-stats-codec.ts";

/** Counts what this worker does, and adds it to the record now and then. A count may be lost with its worker. */
export class StatsBook {
  readonly #control: ControlStore;
  readonly #clock: Clock;
  readonly #counted = new Map<string, TriggerStats>();

  constructor(control: ControlStore, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
  }

  fired(trigger: string): void {
    const before = this.#counted.get(trigger) ?? NO_STATS;
    this.#counted.set(
      trigger,
      sum(before, { ...NO_STATS, fired: 1, lastFiredAt: this.#clock.now() }),
    );
  }

  failed(trigger: string, error: Error): void {
    const before = this.#counted.get(trigger) ?? NO_STATS;
    const lastError = { at: this.#clock.now(), message: error.message.slice(0, MAX_MESSAGE) };
    this.#counted.set(trigger, sum(before, { ...NO_STATS, failed: 1, lastError }));
  }

  /** Adds what was counted to the records. What cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    const all = Array.from(this.#counted);
    this.#counted.clear();
    for (const [trigger, counted] of all) {
      const isWritten = await this.#add(trigger, counted).catch(() => false);
      if (isWritten) continue;
      this.#counted.set(trigger, sum(counted, this.#counted.get(trigger) ?? NO_STATS));
    }
  }

  async #add(trigger: string, counted: TriggerStats): Promise<boolean> {
    const key = triggerStatsKey(trigger);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const record = await this.#control.read(key);
      const before = record === undefined ? NO_STATS : decodeTriggerStats(record.data);
      const after = encodeTriggerStats(sum(before, counted));
      const outcome = await this.#control.write(key, after, record?.revision ?? 0);
      if (outcome.status === "written") return true;
    }
    return false;
  }
}

function sum(before: TriggerStats, more: TriggerStats): TriggerStats {
  return {
    ...before,
    ...more,
    fired: before.fired + more.fired,
    failed: before.failed + more.failed,
  };
}

const MAX_TRIES = 5;
const MAX_MESSAGE = 500;
