import { subjectCovers } from "../engine/subject-match.ts";
import type { BusExtent, BusMessage, EventRetention } from "../ports/message-bus.ts";

/** A stream beside the log: messages in the order in which they were stored, until they are too old, too many, or removed. */
export class MemoryBusStream {
  readonly name: string;
  readonly isWorkQueue: boolean;
  subjects: readonly string[];
  readonly #now: () => number;
  readonly #createdAt: number;
  readonly #messages = new Map<number, BusMessage>();
  /** Where a message with this id stands, and when it was stored. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly at: number }>();
  #retention: EventRetention;
  #last = 0;
  #bytes = 0;

  constructor(options: MemoryBusStreamOptions) {
    this.name = options.name;
    this.subjects = options.subjects;
    this.isWorkQueue = options.isWorkQueue ?? false;
    this.#retention = options.retention ?? NO_RETENTION;
    this.#now = options.now;
    this.#createdAt = options.now();
  }

  get last(): number {
    return this.#last;
  }

  get extent(): BusExtent {
    const messages = this.messages();
    const first = messages[0]?.sequence ?? this.#last + 1;
    const { length } = messages;
    return {
      createdAt: this.#createdAt,
      first,
      last: this.#last,
      messages: length,
      bytes: this.#bytes,
    };
  }

  get retention(): EventRetention {
    return this.#retention;
  }

  set retention(retention: EventRetention) {
    this.#retention = retention;
    this.#discard();
  }

  holds(subject: string): boolean {
    return this.subjects.some((pattern) => subjectCovers(pattern, subject));
  }

  /** All that stand there now, in order. */
  messages(): readonly BusMessage[] {
    this.#discard();
    return [...this.#messages.values()];
  }

  at(sequence: number): BusMessage | undefined {
    this.#discard();
    return this.#messages.get(sequence);
  }

  on(subject: string): readonly BusMessage[] {
    return this.messages().filter((message) => message.subject === subject);
  }

  /** Stores a message; nothing when `expected` is not the last sequence on its subject. */
  store(message: StoredAnew, expected?: number): Placed | undefined {
    const { id, subject, data, headers } = message;
    const now = this.#now();
    const earlier = id === undefined ? undefined : this.#ids.get(id);
    if (earlier !== undefined && now - earlier.at < DUPLICATE_WINDOW_MS) {
      return { sequence: earlier.sequence, isDuplicate: true };
    }
    if (expected !== undefined && (this.on(subject).at(-1)?.sequence ?? 0) !== expected) {
      return undefined;
    }
    const sequence = ++this.#last;
    // A copy: what the writer does with its bytes afterwards changes nothing that is stored.
    const stored = { stream: this.name, sequence, subject, data: data.slice(), headers };
    this.#messages.set(sequence, { ...stored, storedAt: now });
    this.#bytes += sizeOf(stored);
    if (id !== undefined) this.#ids.set(id, { sequence, at: now });
    this.#discard();
    return { sequence, isDuplicate: false };
  }

  remove(sequence: number): void {
    const message = this.#messages.get(sequence);
    if (message === undefined) return;
    this.#messages.delete(sequence);
    this.#bytes -= sizeOf(message);
  }

  purge(subject: string): void {
    for (const { sequence } of this.on(subject)) this.remove(sequence);
  }

  #discard(): void {
    const { maxAgeMs, maxBytes } = this.#retention;
    const oldest = maxAgeMs === 0 ? Number.NEGATIVE_INFINITY : this.#now() - maxAgeMs;
    for (const { sequence, storedAt } of this.#messages.values()) {
      const isTooMuch = maxBytes > 0 && this.#bytes > maxBytes;
      if (storedAt > oldest && !isTooMuch) return;
      this.remove(sequence);
    }
  }
}

export interface MemoryBusStreamOptions {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly now: () => number;
  /** What is acked is gone. */
  readonly isWorkQueue?: boolean;
  readonly retention?: EventRetention;
}

/** A message that has no place yet. */
export interface StoredAnew extends Pick<BusMessage, "subject" | "data" | "headers"> {
  readonly id: string | undefined;
}

export interface Placed {
  readonly sequence: number;
  readonly isDuplicate: boolean;
}

const NO_RETENTION: EventRetention = Object.freeze({ maxAgeMs: 0, maxBytes: 0 });
const DUPLICATE_WINDOW_MS = 120_000;

function sizeOf({ subject, data }: Pick<BusMessage, "subject" | "data">): number {
  return subject.length + data.length;
}
