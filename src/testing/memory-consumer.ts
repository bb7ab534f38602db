import type { Clock } from "../ports/clock.ts";
import type { Stored } from "../ports/run-log.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";

/**
 * A queue's durable consumer of one kind in one partition: hands each message to one reader at a time, and again when its
 * lease lapses. As on a real broker acks, give-backs and renewals speak of the message, not of one delivery of it: those of
 * a reader that lost its lease count for whoever has the message now.
 */
export class MemoryConsumer {
  readonly leaseMs: number;
  readonly #parts: ConsumerParts;
  readonly #readers: ConsumerReader[] = [];
  readonly #pending = new Map<number, Pending>();
  /** Handed out before, and free again: they go first. */
  readonly #again: number[] = [];
  /** The last sequence that was looked at for the first time. */
  #seen = 0;
  /** How often every lease was ended before its time. */
  #lapses = 0;
  #memory = 0;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.leaseMs = parts.leaseMs;
  }

  /** Sequences that nobody has acked: handed out, to be handed out again, or not handed out yet. */
  get unacked(): readonly number[] {
    return [...this.#pending.keys(), ...this.waiting];
  }

  /** Sequences that were never handed out. */
  get waiting(): readonly number[] {
    const waiting: number[] = [];
    for (let at = this.#parts.next(this.#seen); at !== undefined; at = this.#parts.next(at)) {
      waiting.push(at);
    }
    return waiting;
  }

  /** How many were handed out and are not acked. */
  get handedOut(): number {
    return this.#pending.size;
  }

  /** Readers that would take more. */
  get openPulls(): number {
    const { kind, queue } = this.#parts;
    return this.#readers.filter((reader) => reader.hasRoom(kind, queue)).length;
  }

  /** What stands after this sequence was never handed out. */
  get handedOutUpTo(): number {
    return this.#seen;
  }

  /** Nothing is to be handed out. */
  get isDry(): boolean {
    return this.#again.length === 0 && this.#parts.next(this.#seen) === undefined;
  }

  get kind(): DeliveryKind {
    return this.#parts.kind;
  }

  get queue(): string {
    return this.#parts.queue;
  }

  addReader(reader: ConsumerReader): void {
    this.#readers.push(reader);
  }

  removeReader(reader: ConsumerReader): void {
    const at = this.#readers.indexOf(reader);
    if (at !== -1) this.#readers.splice(at, 1);
  }

  ack(sequence: number): void {
    this.#pending.get(sequence)?.cancelLapse();
    this.#pending.delete(sequence);
    this.#forgetAgain(sequence);
  }

  giveBack(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined || this.#again.includes(sequence)) return;
    pending.cancelLapse();
    this.#again.push(sequence);
    this.dispatch();
  }

  renew(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined || this.#again.includes(sequence)) return;
    pending.cancelLapse();
    pending.cancelLapse = this.#lapseLater(sequence);
  }

  /** Ends every lease now, whoever lives: each message is handed out again. */
  lapseAll(): void {
    this.#lapses++;
    for (const sequence of this.#pending.keys()) this.giveBack(sequence);
  }

  /** Another number than when a message was handed out: it is as old as a lease, for whoever it has not reached yet. */
  get lapses(): number {
    return this.#lapses;
  }

  /** Another number once it has forgotten what it handed out. */
  get memory(): number {
    return this.#memory;
  }

  /** Forgets every ack, as a consumer does that is deleted and made again: the whole log is handed out anew. */
  forget(): void {
    this.#memory++;
    for (const { cancelLapse } of this.#pending.values()) cancelLapse();
    this.#pending.clear();
    this.#again.length = 0;
    this.#seen = 0;
    for (const reader of this.#readers) reader.remade();
    this.dispatch();
  }

  /** Hands out what it can to the readers that have room, in turn. */
  dispatch(): void {
    for (;;) {
      const at = this.#readers.findIndex((reader) =>
        reader.hasRoom(this.#parts.kind, this.#parts.queue),
      );
      const reader = this.#readers[at];
      if (reader === undefined) return;
      const sequence = this.#again.shift() ?? this.#nextNew();
      if (sequence === undefined) return;
      this.#readers.push(...this.#readers.splice(at, 1));
      this.#handOut(sequence, reader);
    }
  }

  #handOut(sequence: number, reader: ConsumerReader): void {
    const message = this.#parts.read(sequence);
    if (message === undefined) {
      this.ack(sequence); // It was removed: nobody can have it any more.
      return;
    }
    const handedOut = (this.#pending.get(sequence)?.handedOut ?? 0) + 1;
    this.#pending.set(sequence, { handedOut, cancelLapse: this.#lapseLater(sequence) });
    reader.take(this, message, handedOut);
  }

  #lapseLater(sequence: number): () => void {
    return this.#parts.clock.after(this.leaseMs, () => this.giveBack(sequence), "upkeep");
  }

  #nextNew(): number | undefined {
    const next = this.#parts.next(this.#seen);
    this.#seen = next ?? this.#parts.last();
    return next;
  }

  #forgetAgain(sequence: number): void {
    const at = this.#again.indexOf(sequence);
    if (at !== -1) this.#again.splice(at, 1);
  }
}

export interface ConsumerParts {
  readonly kind: DeliveryKind;
  readonly queue: string;
  readonly partition: number;
  readonly leaseMs: number;
  readonly clock: Clock;
  /** The first sequence after this one that the consumer reads. */
  readonly next: (after: number) => number | undefined;
  /** The last sequence in the stream, whatever its subject. */
  readonly last: () => number;
  readonly read: (sequence: number) => Stored | undefined;
}

/** One worker's hand in the queue. */
export interface ConsumerReader {
  hasRoom(kind: DeliveryKind, queue: string): boolean;
  /** The consumer was made again: nothing that is stored by now counts as fresh. */
  remade(): void;
  /** Takes a message; `handedOut` counts how often it was handed out, this time included. */
  take(consumer: MemoryConsumer, message: Stored, handedOut: number): void;
}

interface Pending {
  readonly handedOut: number;
  cancelLapse: () => void;
}
