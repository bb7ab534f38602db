import type { Clock } from "../../ports/clock.ts";
import type { ControlStore } from "../../ports/control-store.ts";
import { decodeRecord, encodeRecord } from "../../wire/control-json.ts";
import { statsKey } from "./trigger-place.ts";

/** What a trigger did so far, over all workers: the control record `trigger-stats.<name>`, written every few seconds. For showing. */
export interface TriggerStats {
  readonly fired: number;
  readonly lastFiredAt?: number;
  /** Events and firings that failed: expressions without a value, actions that cannot be done. */
  readonly failed: number;
  readonly lastError?: { readonly at: number; readonly message: string };
}

const NO_STATS: TriggerStats = Object.freeze({ fired: 0, failed: 0 });

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
    for (const [trigger, counted] of [...this.#counted]) {
      this.#counted.delete(trigger);
      const isWritten = await this.#add(trigger, counted).catch(() => false);
      if (isWritten) continue;
      this.#counted.set(trigger, sum(counted, this.#counted.get(trigger) ?? NO_STATS));
    }
  }

  async #add(trigger: string, counted: TriggerStats): Promise<boolean> {
    const key = statsKey(trigger);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const record = await this.#control.read(key);
      const before = record === undefined ? NO_STATS : statsIn(record.data);
      const after = encodeRecord(sum(before, counted));
      const outcome = await this.#control.write(key, after, record?.revision ?? 0);
      if (outcome.status === "written") return true;
    }
    return false;
  }
}

/** What a trigger did so far. */
export async function readTriggerStats(
  control: ControlStore,
  trigger: string,
): Promise<TriggerStats> {
  const record = await control.read(statsKey(trigger));
  return record === undefined ? NO_STATS : statsIn(record.data);
}

function statsIn(data: Uint8Array): TriggerStats {
  const decoded = decodeRecord(data, (fields) => {
    const { fired, failed } = fields;
    const isSound = typeof fired === "number" && typeof failed === "number";
    return isSound ? (fields as unknown as TriggerStats) : "it has no counts";
  });
  return decoded.kind === "ok" ? decoded.value : NO_STATS;
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
