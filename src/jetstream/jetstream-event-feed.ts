import type { Layers } from "../engine/partition.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import {
  DEFAULT_FEED_BATCH,
  type EventFeed,
  type FedMessage,
  type FeedExtent,
  type FeedOptions,
} from "../ports/event-feed.ts";
import { FeedPull, type FeedPullParts } from "./feed-pull.ts";
import { streamInfo } from "./open-stream.ts";

/** A namespace's partitions, each read through a consumer that is made for the reader and forgotten with it. */
export class JetStreamEventFeed implements EventFeed {
  readonly partitions: number;
  readonly layers: Layers;
  readonly #parts: FeedParts;

  constructor(parts: FeedParts) {
    this.partitions = parts.subjects.partitions;
    this.layers = parts.subjects.layers;
    this.#parts = parts;
  }

  async extent(partition: number): Promise<FeedExtent> {
    const stream = this.#parts.subjects.stream(partition);
    const info = await streamInfo(this.#parts.connection, stream);
    if (info === undefined) throw new BrokerError(`There is no stream ${stream}.`);
    const { first_seq: first, last_seq: last, messages, bytes } = info.state;
    return { incarnation: info.created, first, last, messages, bytes };
  }

  async *read(
    partition: number,
    after: number,
    options: FeedOptions,
  ): AsyncIterable<readonly FedMessage[]> {
    const { signal, kinds, upTo, maxBatch = DEFAULT_FEED_BATCH } = options;
    const extent = (): Promise<FeedExtent> => this.extent(partition);
    const pull = new FeedPull({ ...this.#parts, partition, after, maxBatch, kinds, upTo, extent });
    const end = (): void => pull.end();
    signal.addEventListener("abort", end);
    try {
      if (signal.aborted) return;
      pull.start();
      for (let batch = await pull.next(); batch !== undefined; batch = await pull.next()) {
        yield batch;
      }
    } finally {
      signal.removeEventListener("abort", end);
      pull.end();
    }
  }
}

type FeedParts = Pick<
  FeedPullParts,
  "connection" | "subjects" | "onReconnect" | "onTrouble" | "closed"
>;
