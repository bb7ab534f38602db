import type { Logger } from "pino";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../engine/queue-settings.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import { decodeQueueSettings, queueSettingsKey } from "../wire/queue-settings-codec.ts";
import { queueSlotsKey } from "../wire/slot-table-codec.ts";
import { SlotSet } from "./slot-set.ts";

/** What limits one queue, as this worker knows it: the settings, which it watches, and the slots. */
export class QueueLimits {
  readonly name: string;
  readonly slots: SlotSet;
  readonly #parts: QueueLimitsParts;
  #settings: QueueSettings = DEFAULT_QUEUE_SETTINGS;
  #stopWatching: (() => void) | undefined;
  #stopped = false;

  constructor(name: string, parts: QueueLimitsParts) {
    this.name = name;
    this.#parts = parts;
    const { broker, clock, log, worker, onChange } = parts;
    this.slots = new SlotSet({
      broker,
      clock,
      log,
      worker,
      key: queueSlotsKey(name),
      label: "",
      limits: () => ({ limit: this.#settings.concurrency, rate: this.#settings.rate }),
      onChange,
    });
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  /** True when runs need a slot, or a start that a rate allows. */
  get isLimited(): boolean {
    return this.#settings.concurrency !== undefined || this.#settings.rate !== undefined;
  }

  /** Resolves when the settings are known, and the slots if there is a limit. */
  async watch(): Promise<void> {
    const { broker } = this.#parts;
    const stop = await broker.control.watch(queueSettingsKey(this.name), (record) =>
      this.#hear(record),
    );
    if (this.#stopped) return stop();
    this.#stopWatching = stop;
    if (this.isLimited) await this.slots.watch();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWatching?.();
    this.slots.stop();
  }

  #hear(record: ControlRecord | undefined): void {
    const before = this.#settings;
    this.#settings = this.#settingsOf(record);
    if (JSON.stringify(before) === JSON.stringify(this.#settings)) return;
    const { log, onChange, onLimited, onSpread } = this.#parts;
    log.info({ queue: this.name, ...this.#settings }, "Queue settings");
    if (this.isLimited && this.#stopWatching !== undefined) {
      // Without it others' slots are found out a little later.
      this.slots.watch().catch((error: unknown) => {
        log.warn({ err: error, queue: this.name }, "Slots cannot be watched");
      });
    }
    if (!before.priorities && this.#settings.priorities) onSpread();
    if (before.concurrency === undefined && this.#settings.concurrency !== undefined) {
      onLimited(this);
    }
    onChange();
  }

  #settingsOf(record: ControlRecord | undefined): QueueSettings {
    if (record === undefined) return DEFAULT_QUEUE_SETTINGS;
    const decoded = decodeQueueSettings(record.data);
    if (decoded.kind === "ok") return decoded.value;
    // What was settled before holds on: bytes that make no sense are no wish of anybody's (I11).
    const { reason } = decoded;
    this.#parts.log.error({ queue: this.name, reason }, "Queue settings cannot be understood");
    return this.#settings;
  }
}

export interface QueueLimitsParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  /** Something may go on now. */
  readonly onChange: () => void;
  /** A limit was set where there was none: what is active already takes slots too. */
  readonly onLimited: (queue: QueueLimits) => void;
  /** Somebody has submitted with a priority. */
  readonly onSpread: () => void;
}
