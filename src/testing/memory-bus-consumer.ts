import { subjectCovers } from "../engine/subject-match.ts";
import type { Clock } from "../ports/clock.ts";
import type { BusConsumer, BusMessage } from "../ports/message-bus.ts";
import type { MemoryBusStream } from "./memory-bus-stream.ts";

/**
 * A durable consumer of a stream: hands each message to one reader at a time, and again when its lease lapses. As on a real
 * broker acks speak of the message, not of one delivery of it.
 */
export class MemoryBusConsumer {
  readonly name: string;
  filters: readonly string[];
  leaseMs: number;
  readonly #stream: MemoryBusStream;
  readonly #clock: Clock;
  readonly #readers: BusReader[] = [];
  readonly #pending = new Map<number, Pending>();
  /** Handed out before, and free again: they go first. */
  readonly #again: number[] = [];
  /** The last sequence that was looked at for the first time. */
  #seen: number;

  constructor(options: MemoryBusConsumerOptions) {
    this.name = options.name;
    this.filters = options.filters;
    this.leaseMs = options.leaseMs;
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#seen = options.after;
  }

  get report(): BusConsumer {
    const { name, filters } = this;
    const waiting = this.#stream.messages().filter((message) => this.#isNew(message)).length;
    return { name, filters, waiting, handedOut: this.#pending.size };
  }

  /** Everything up to this sequence is acked. */
  get floor(): number {
    return Math.min(this.#seen, ...[...this.#pending.keys()].map((sequence) => sequence - 1));
  }

  addReader(reader: BusReader): void {
    this.#readers.push(reader);
    this.dispatch();
  }

  removeReader(reader: BusReader): void {
    const at = this.#readers.indexOf(reader);
    if (at !== -1) this.#readers.splice(at, 1);
  }

  ack(sequence: number): void {
    const pending = this.#pending.get(sequence);
    // What was never handed out is not acked: this consumer was made again.
    if (pending === undefined) return;
    pending.cancel();
    this.#pending.delete(sequence);
    this.#forgetAgain(sequence);
    if (this.#stream.isWorkQueue) this.#stream.remove(sequence);
  }

  giveBack(sequence: number, delayMs = 0): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined || this.#again.includes(sequence)) return;
    pending.cancel();
    if (delayMs > 0) {
      pending.cancel = this.#clock.after(delayMs, () => this.giveBack(sequence));
      return;
    }
    this.#again.push(sequence);
    this.dispatch();
  }

  keep(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined || this.#again.includes(sequence)) return;
    pending.cancel();
    pending.cancel = this.#lapseLater(sequence);
  }

  /** Ends every lease now, whoever lives. */
  lapseAll(): void {
    // What is handed out in their place is not meant.
    const handedOut = [...this.#pending.keys()];
    for (const sequence of handedOut) this.giveBack(sequence);
  }

  /** It was removed: whoever reads it hears of that, and makes it again. */
  end(): void {
    for (const { cancel } of this.#pending.values()) cancel();
    this.#pending.clear();
    for (const reader of this.#readers.splice(0)) reader.removed();
  }

  /** Hands out what it can to the readers that have room, in turn. */
  dispatch(): void {
    for (;;) {
      const at = this.#readers.findIndex((reader) => reader.hasRoom());
      const reader = this.#readers[at];
      if (reader === undefined) return;
      const message = this.#next();
      if (message === undefined) return;
      this.#readers.push(...this.#readers.splice(at, 1));
      const { sequence } = message;
      const handedOut = (this.#pending.get(sequence)?.handedOut ?? 0) + 1;
      this.#pending.set(sequence, { handedOut, cancel: this.#lapseLater(sequence) });
      reader.take(this, message, handedOut);
    }
  }

  #next(): BusMessage | undefined {
    for (let at = this.#again.shift(); at !== undefined; at = this.#again.shift()) {
      const message = this.#stream.at(at);
      if (message !== undefined) return message;
      this.#pending.delete(at); // It was removed: nobody can have it any more.
    }
    while (this.#seen < this.#stream.last) {
      const message = this.#stream.at(++this.#seen);
      if (message !== undefined && this.#reads(message)) return message;
    }
    return undefined;
  }

  #isNew(message: BusMessage): boolean {
    return message.sequence > this.#seen && this.#reads(message);
  }

  #reads({ subject }: BusMessage): boolean {
    return this.filters.length === 0 || this.filters.some((one) => subjectCovers(one, subject));
  }

  #lapseLater(sequence: number): () => void {
    return this.#clock.after(this.leaseMs, () => this.giveBack(sequence), "upkeep");
  }

  #forgetAgain(sequence: number): void {
    const at = this.#again.indexOf(sequence);
    if (at !== -1) this.#again.splice(at, 1);
  }
}

export interface MemoryBusConsumerOptions {
  readonly name: string;
  readonly filters: readonly string[];
  readonly leaseMs: number;
  readonly stream: MemoryBusStream;
  readonly clock: Clock;
  /** It hands out what stands after this sequence. */
  readonly after: number;
}

/** One process that reads a consumer. */
export interface BusReader {
  hasRoom(): boolean;
  /** Takes a message; `handedOut` counts how often it was handed out, this time included. */
  take(consumer: MemoryBusConsumer, message: BusMessage, handedOut: number): void;
  removed(): void;
}

interface Pending {
  readonly handedOut: number;
  /** Takes back what the clock does with it next. */
  cancel: () => void;
}
