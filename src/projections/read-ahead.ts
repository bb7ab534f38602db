import type { Layers } from "../engine/partition.ts";
import type { FedMessage } from "../ports/event-feed.ts";
import { type RunFact, readFact } from "./run-fact.ts";

/** What was read of a partition in one go. */
export interface Chunk {
  readonly facts: readonly RunFact[];
  /** How many messages that were, those that tell nothing included. */
  readonly messages: number;
  readonly bytes: number;
  /** Of the first and the last message: when the broker stored it, in milliseconds since 1970. */
  readonly firstStoredAt: number;
  readonly storedAt: number;
  /** Of the last message. */
  readonly sequence: number;
}

/**
 * Reads and decodes a partition ahead of whoever folds it. What was read and not taken takes `limitBytes` and one batch of
 * the feed more, at most.
 */
export class ReadAhead {
  /** May be changed at any time. */
  limitBytes: number;
  /** When something was read last, by this process's clock, in milliseconds since 1970. */
  lastReadAt: number;
  readonly #layers: Layers;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  readonly #chunks: Chunk[] = [];
  #waiting = 0;
  #waitingBytes = 0;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #changes = new Set<() => void>();

  constructor(
    feed: AsyncIterable<readonly FedMessage[]>,
    { layers, limitBytes, signal, now }: ReadAheadOptions,
  ) {
    this.#layers = layers;
    this.limitBytes = limitBytes;
    this.#signal = signal;
    this.#now = now;
    this.lastReadAt = now();
    void this.#read(feed);
  }

  /** Messages that were read and not taken. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When the broker stored the first of them. */
  get oldestStoredAt(): number | undefined {
    return this.#chunks[0]?.firstStoredAt;
  }

  /**
   * Resolves when so many messages wait, or when no more can come: the limit is reached, the feed has ended, the signal
   * aborts.
   */
  async reached(messages: number, signal: AbortSignal): Promise<void> {
    while (this.#waiting < messages && !this.#isOver && !this.#isFull && !signal.aborted) {
      await this.#change(signal);
    }
  }

  /**
   * What waits, up to these bounds; a batch of the feed is not divided. Nothing when nothing waits.
   * @throws what the feed threw, when all that came before was taken.
   */
  take(maxMessages: number, maxBytes: number): Chunk | undefined {
    if (this.#chunks.length === 0 && this.#failure !== undefined) throw this.#failure.error;
    let messages = 0;
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#chunks) {
      if (count > 0 && (messages + chunk.messages > maxMessages || bytes + chunk.bytes > maxBytes))
        break;
      messages += chunk.messages;
      bytes += chunk.bytes;
      count++;
    }
    const taken = this.#chunks.splice(0, count);
    this.#waiting -= messages;
    this.#waitingBytes -= bytes;
    this.#tell();
    return joined(taken);
  }

  /** True when all was taken, and nothing more comes. @throws what the feed threw. */
  hasEnded(): boolean {
    if (!this.#isOver || this.#chunks.length > 0) return false;
    if (this.#failure !== undefined) throw this.#failure.error;
    return true;
  }

  get #isFull(): boolean {
    return this.#waitingBytes >= this.limitBytes;
  }

  async #read(feed: AsyncIterable<readonly FedMessage[]>): Promise<void> {
    try {
      for await (const batch of feed) {
        const chunk = this.#decoded(batch);
        if (chunk === undefined) continue;
        this.lastReadAt = this.#now();
        this.#chunks.push(chunk);
        this.#waiting += chunk.messages;
        this.#waitingBytes += chunk.bytes;
        this.#tell();
        while (this.#isFull && !this.#signal.aborted) await this.#change(this.#signal);
        if (this.#signal.aborted) break;
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#isOver = true;
    this.#tell();
  }

  #decoded(batch: readonly FedMessage[]): Chunk | undefined {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const facts: RunFact[] = [];
    let bytes = 0;
    for (const message of batch) {
      const fact = readFact(message, this.#layers);
      if (fact !== undefined) facts.push(fact);
      bytes += message.data.length + MESSAGE_BYTES;
    }
    return {
      facts,
      messages: batch.length,
      bytes,
      firstStoredAt: first.storedAt,
      storedAt: last.storedAt,
      sequence: last.sequence,
    };
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#changes.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#changes.add(done);
      signal.addEventListener("abort", done);
    });
  }

  #tell(): void {
    for (const tell of this.#changes) tell();
  }
}

export interface ReadAheadOptions {
  readonly layers: Layers;
  readonly limitBytes: number;
  /** Ends the feed too. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** What a message takes beside its bytes, about. */
const MESSAGE_BYTES = 400;

function joined(chunks: readonly Chunk[]): Chunk | undefined {
  const [first, last] = [chunks[0], chunks.at(-1)];
  if (first === undefined || last === undefined || first === last) return first;
  return {
    ...last,
    facts: chunks.flatMap(({ facts }) => facts),
    messages: chunks.reduce((sum, { messages }) => sum + messages, 0),
    bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    firstStoredAt: first.firstStoredAt,
  };
}
