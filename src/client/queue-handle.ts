import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { checkQueueName } from "../engine/priority.ts";
import {
  checkRate,
  checkSlotLimit,
  DEFAULT_QUEUE_SETTINGS,
  type QueueSettings,
} from "../engine/queue-settings.ts";
import { EMPTY_SLOTS, type SlotTable } from "../engine/slot-table.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import {
  decodeQueueSettings,
  encodeQueueSettings,
  queueSettingsKey,
} from "../wire/queue-settings-codec.ts";
import { decodeSlotTable, queueSlotsKey } from "../wire/slot-table-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/** A queue's settings: they hold for all its workers, within a second and without a restart. */
export class QueueHandle {
  readonly name: string;
  readonly #host: ClientHost;

  constructor(host: ClientHost, name: string) {
    this.#host = host;
    this.name = checkQueueName(name);
  }

  /**
   * Changes the settings that are given and leaves the others; `null` takes one away. Resolves when it is durable.
   * @throws {@link InvalidOptionError}
   */
  async set(options: QueueOptions): Promise<void> {
    const { concurrency, rate } = options;
    const change: { -readonly [Name in keyof QueueSettings]?: QueueSettings[Name] } = {};
    if (concurrency !== undefined) {
      change.concurrency =
        concurrency === null ? undefined : checkSlotLimit("concurrency", concurrency);
    }
    if (rate !== undefined) {
      change.rate =
        rate === null
          ? undefined
          : checkRate({ limit: rate.limit, perMs: toMilliseconds(rate.per) });
    }
    await this.#change(change);
  }

  /**
   * Nothing of the queue starts or resumes any more. What executes goes on, and submissions are accepted and kept.
   */
  pause(): Promise<void> {
    return this.#change({ paused: true });
  }

  /** Everything that waited goes on. */
  resume(): Promise<void> {
    return this.#change({ paused: false });
  }

  /** The settings, and who holds the slots now: two look-ups. */
  async state(): Promise<QueueState> {
    const { control } = this.#host.broker;
    const [stored, slots] = await Promise.all([
      control.read(queueSettingsKey(this.name)),
      control.read(queueSlotsKey(this.name)),
    ]);
    return queueState(this.name, stored, slots);
  }

  #change(change: Partial<QueueSettings>): Promise<void> {
    return changeSettings(this.#host, this.name, change);
  }
}

export interface QueueOptions {
  /** Runs of the queue that may be active at once, over all workers: 1 to 1,000. `null` for any number. */
  readonly concurrency?: number | null;
  /** At most `limit` runs start in any stretch of this length, over all workers. `null` for any number. */
  readonly rate?: { readonly limit: number; readonly per: Duration } | null;
}

/** A queue's settings and the runs that hold its slots. */
export interface QueueState {
  readonly name: string;
  readonly paused: boolean;
  /** Nothing when there is no limit. */
  readonly concurrency: number | undefined;
  readonly rate: { readonly limit: number; readonly perMs: number } | undefined;
  /** The active runs, oldest first. Only a queue with a limit counts them. */
  readonly holders: readonly {
    readonly run: string;
    readonly worker: string;
    readonly since: Date;
  }[];
}

/** Changes what is given and leaves the rest. Resolves when it is durable. */
export async function changeSettings(
  host: ClientHost,
  queue: string,
  change: Partial<QueueSettings>,
): Promise<void> {
  const { control } = host.broker;
  const key = queueSettingsKey(queue);
  const patience = new Patience(host, GIVE_UP_MS);
  for (;;) {
    const stored = await patience.ask(() => control.read(key));
    const before = settingsOf(stored);
    const after = { ...before, ...change };
    if (JSON.stringify(after) === JSON.stringify(before)) return; // Ours, with its ack lost, or nothing new.
    const outcome = await control.write(key, encodeQueueSettings(after), stored?.revision ?? 0);
    if (outcome.status === "written") return;
    if (patience.isOver) {
      const cause = outcome.status === "unknown" ? outcome.cause : undefined;
      throw new BrokerError(`The settings of queue ${queue} were not confirmed. Try again.`, {
        cause,
      });
    }
    if (outcome.status === "unknown") await patience.pause();
  }
}

/** The settings in a record; the defaults when there is none, or none that this version can read. */
export function settingsOf(record: ControlRecord | undefined): QueueSettings {
  if (record === undefined) return DEFAULT_QUEUE_SETTINGS;
  const decoded = decodeQueueSettings(record.data);
  return decoded.kind === "ok" ? decoded.value : DEFAULT_QUEUE_SETTINGS;
}

/** The slots in a record; none when there is no record, or one that this version cannot read. */
export function tableOf(record: ControlRecord | undefined): SlotTable {
  const decoded = record === undefined ? undefined : decodeSlotTable(record.data);
  return decoded?.kind === "ok" ? decoded.value : EMPTY_SLOTS;
}

function queueState(
  name: string,
  settings: ControlRecord | undefined,
  slots: ControlRecord | undefined,
): QueueState {
  const { paused, concurrency, rate } = settingsOf(settings);
  const { holders } = tableOf(slots);
  return {
    name,
    paused,
    concurrency,
    rate,
    holders:
      concurrency === undefined
        ? []
        : holders.map(({ run, worker, since }) => ({ run, worker, since: new Date(since) })),
  };
}

const GIVE_UP_MS = 30_000;
