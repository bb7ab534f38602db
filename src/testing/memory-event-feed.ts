import type { Layers } from "../engine/partition.ts";
import { BrokerError, ConnectionClosedError, FeedBrokenError } from "../engine/usage-errors.ts";
import {
  DEFAULT_FEED_BATCH,
  type EventFeed,
  type FedMessage,
  type FeedExtent,
  type FeedOptions,
  fedKind,
} from "../ports/event-feed.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The partitions as one connection reads them. */
export class MemoryEventFeed implements EventFeed {
  readonly partitions: number;
  readonly layers: Layers;
  readonly #broker: MemoryStore;
  readonly #link: MemoryLink;
  readonly #waiting = new Set<() => void>();

  constructor(broker: MemoryStore, link: MemoryLink) {
    this.partitions = broker.streams.length;
    this.layers = broker.subjects.layers;
    this.#broker = broker;
    this.#link = link;
  }

  extent(partition: number): Promise<FeedExtent> {
    return this.#ask(() => this.#broker.stream(partition).extent);
  }

  async *read(
    partition: number,
    after: number,
    options: FeedOptions,
  ): AsyncIterable<readonly FedMessage[]> {
    const { signal, upTo = Number.POSITIVE_INFINITY } = options;
    let reached = after;
    while (!signal.aborted && reached < upTo) {
      const from = reached;
      const stretch = await unlessAborted(signal, this.#stretch(partition, from, options));
      if (stretch === undefined) return;
      reached = stretch.upTo;
      if (stretch.messages.length > 0) yield stretch.messages;
      else if (reached === from) await unlessAborted(signal, this.#stored(partition, from));
    }
  }

  /** The connection was lost and is there again, or is closed. */
  lookAgain(): void {
    for (const look of this.#waiting) look();
  }

  async #stretch(partition: number, after: number, options: FeedOptions): Promise<Stretch> {
    for (;;) {
      try {
        const stretch = await this.#ask(() => this.#read(partition, after, options));
        if (stretch.end >= after) return stretch;
        const what = `its stream ends at ${stretch.end}, and was read up to ${after}`;
        throw new FeedBrokenError(partition, what);
      } catch (error) {
        // What was lost on the way is asked for again.
        if (!(error instanceof BrokerError)) throw error;
      }
    }
  }

  #read(partition: number, after: number, options: FeedOptions): Stretch {
    const { kinds, maxBatch = DEFAULT_FEED_BATCH } = options;
    const { subjects } = this.#broker;
    const stream = this.#broker.stream(partition);
    const messages: FedMessage[] = [];
    const end = Math.min(stream.lastSequence, options.upTo ?? stream.lastSequence);
    let upTo = after;
    while (upTo < end && messages.length < maxBatch) {
      const message = stream.at(++upTo);
      const kind = message && fedKind(subjects.kindOf(partition, message.subject));
      if (message === undefined || kind === undefined) continue;
      if (kinds !== undefined && !kinds.includes(kind)) continue;
      messages.push({ ...message, kind, storedAt: stream.storedAt(upTo) });
    }
    return { messages, upTo, end: stream.lastSequence };
  }

  /** Resolves when there is more than this, or when it is not known. */
  async #stored(partition: number, after: number): Promise<void> {
    let stop: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      this.#link.send(() => {
        stop = this.#broker.stream(partition).onMore(after, () => this.#link.receive(look));
      });
    });
    stop?.();
  }

  #ask<T>(atBroker: () => T): Promise<T> {
    return this.#link.ask(atBroker, (cause) => {
      if (cause instanceof ConnectionClosedError) throw cause;
      throw new BrokerError("The broker did not answer a read.", { cause });
    });
  }
}

interface Stretch {
  readonly messages: readonly FedMessage[];
  readonly upTo: number;
  /** The partition's last sequence. */
  readonly end: number;
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const over = new AbortController();
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { signal: over.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}
