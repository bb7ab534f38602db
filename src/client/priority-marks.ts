import { type Priority, placeFor } from "../engine/priority.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeQueueSettings, queueSettingsKey } from "../wire/queue-settings-codec.ts";

/** Which queues have runs with priorities: their keys may be taken in more places than one. */
export class PriorityMarks {
  readonly #host: { readonly broker: Broker; readonly clock: Clock };
  readonly #known = new Map<string, { readonly isMarked: boolean; readonly at: number }>();

  constructor(host: { readonly broker: Broker; readonly clock: Clock }) {
    this.#host = host;
  }

  /** Marks the queue if this priority needs it, with what `write` does, and gives the place where the run is to wait. */
  async placeOf(queue: string, priority: Priority, mark: () => Promise<void>): Promise<string> {
    if (priority !== "normal" && this.#known.get(queue)?.isMarked !== true) {
      await mark();
      this.#know(queue, true);
    }
    return placeFor(queue, priority);
  }

  /** True when somebody has submitted to the queue with a priority. Looked up now and then. */
  async isMarked(queue: string): Promise<boolean> {
    const known = this.#known.get(queue);
    const { broker, clock } = this.#host;
    if (known !== undefined && (known.isMarked || clock.now() - known.at < LOOK_MS)) {
      return known.isMarked;
    }
    const record = await broker.control.read(queueSettingsKey(queue));
    const decoded = record === undefined ? undefined : decodeQueueSettings(record.data);
    const isMarked = decoded?.kind === "ok" && decoded.value.priorities;
    this.#know(queue, isMarked);
    return isMarked;
  }

  #know(queue: string, isMarked: boolean): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(queue, { isMarked, at: this.#host.clock.now() });
  }
}

const LOOK_MS = 30_000;
const MOST_KNOWN = 10_000;
