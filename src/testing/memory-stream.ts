import type { FeedExtent } from "../ports/event-feed.ts";
import type { Stored } from "../ports/run-log.ts";

/** One partition's stream: messages in the order in which they were stored. A removed one leaves its sequence unused. */
export class MemoryStream {
  readonly partition: number;
  readonly #messages: (Stored | undefined)[] = [];
  readonly #storedAt: number[] = [];
  readonly #bySubject = new Map<string, Stored[]>();
  readonly #now: () => number;
  readonly #onStored: (message: Stored) => void;
  readonly #created: string;
  /** Called once each, when something is stored. */
  readonly #waiting = new Set<() => void>();

  constructor(partition: number, now: () => number, onStored: (message: Stored) => void) {
    this.partition = partition;
    this.#now = now;
    this.#onStored = onStored;
    this.#created = new Date(now()).toISOString();
  }

  get extent(): FeedExtent {
    const { messages, lastSequence: last } = this;
    const bytes = messages.reduce((sum, { data }) => sum + data.length, 0);
    const first = messages[0]?.sequence ?? last + 1;
    return { incarnation: this.#created, first, last, messages: messages.length, bytes };
  }

  /** Calls back once when there is more than this, at once if there is; the function it gives takes the call back. */
  onMore(after: number, call: () => void): () => void {
    if (this.lastSequence > after) call();
    else this.#waiting.add(call);
    return () => this.#waiting.delete(call);
  }

  get messages(): readonly Stored[] {
    return this.#messages.filter((message) => message !== undefined);
  }

  get lastSequence(): number {
    return this.#messages.length;
  }

  /** Stores a message and gives its sequence; nothing when `expected` is not the last sequence on the subject (I2). */
  store(subject: string, data: Uint8Array, expected?: number): number | undefined {
    const earlier = this.#bySubject.get(subject) ?? [];
    if (expected !== undefined && (earlier.at(-1)?.sequence ?? 0) !== expected) return undefined;
    const sequence = this.#messages.length + 1;
    // A copy: what the writer does with its bytes afterwards changes nothing that is stored.
    const message = { subject, partition: this.partition, sequence, data: data.slice() };
    this.#messages.push(message);
    this.#storedAt.push(this.#now());
    earlier.push(message);
    this.#bySubject.set(subject, earlier);
    this.#onStored(message);
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      call();
    }
    return sequence;
  }

  /** Removes the messages on a subject up to and including a sequence. */
  remove(subject: string, upTo: number): void {
    const kept: Stored[] = [];
    for (const message of this.on(subject)) {
      if (message.sequence > upTo) kept.push(message);
      else this.#messages[message.sequence - 1] = undefined;
    }
    if (kept.length === 0) this.#bySubject.delete(subject);
    else this.#bySubject.set(subject, kept);
  }

  at(sequence: number): Stored | undefined {
    return this.#messages[sequence - 1];
  }

  /** When a message was stored, in milliseconds since 1970. */
  storedAt(sequence: number): number {
    return this.#storedAt[sequence - 1] ?? 0;
  }

  on(subject: string): readonly Stored[] {
    return this.#bySubject.get(subject) ?? [];
  }

  /** Every subject on which something stands. */
  subjects(): readonly string[] {
    return [...this.#bySubject.keys()];
  }

  /** The first sequence after this one whose subject begins so. */
  nextUnder(prefix: string, after: number): number | undefined {
    for (let at = after; at < this.#messages.length; at++) {
      if (this.#messages[at]?.subject.startsWith(prefix)) return at + 1;
    }
    return undefined;
  }

  /** The last message whose subject matches. Searches the whole stream. */
  lastMatching(matches: (subject: string) => boolean): Stored | undefined {
    return this.#messages.findLast((message) => message !== undefined && matches(message.subject));
  }
}
