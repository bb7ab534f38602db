import { onAbort } from "./on-abort.ts";

/**
 * Work on many items, a bounded number at once, as an async iteration over what came of each. Nothing begins before it is
 * read, and no more is begun than can be kept: what is under way and what waits to be read are together at most
 * `concurrency`, whatever the number of items.
 */
export class Outcomes<T> implements AsyncIterable<T> {
  readonly #begin: () => AsyncGenerator<T, undefined>;

  constructor(begin: () => AsyncGenerator<T, undefined>) {
    this.#begin = begin;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    return this.#begin();
  }

  /** All of them at once, for as many as fit in memory. */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const one of this) all.push(one);
    return all;
  }
}

/** What can be iterated over, with or without waiting. */
export type AnyIterable<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Does the work for each item. The items, and what aborts it, end the iteration with their error after the outcomes of all
 * that was begun; `work` must not throw.
 */
export async function* workOnEach<Item, Outcome>(
  items: AnyIterable<Item>,
  work: (item: Item, index: number) => Promise<Outcome>,
  options: WorkOptions,
): AsyncGenerator<Outcome, undefined> {
  const pump = new Pump(items, work, options);
  const stopListening =
    options.signal === undefined
      ? undefined
      : onAbort(options.signal, () => pump.end({ error: options.signal?.reason }));
  try {
    for (;;) {
      pump.fill();
      const ready = pump.take();
      if (ready !== undefined) yield ready.outcome;
      else if (pump.isOver) break;
      else await pump.changed();
    }
    if (pump.failure !== undefined) throw pump.failure.error;
    return undefined;
  } finally {
    stopListening?.();
    await pump.close();
  }
}

export interface WorkOptions {
  readonly concurrency: number;
  /** Outcomes in the order of the items, or each as soon as it is there. */
  readonly order: "items" | "ends";
  readonly signal?: AbortSignal | undefined;
}

/** Pulls items, has them worked on, and keeps what came of them until it is taken. */
class Pump<Item, Outcome> {
  readonly #pull: () => void;
  readonly #letGo: () => unknown;
  readonly #work: (item: Item, index: number) => Promise<Outcome>;
  readonly #options: WorkOptions;
  /** Outcomes by the number under which they will be taken. */
  readonly #ready = new Map<number, Outcome>();
  #begun = 0;
  #ended = 0;
  #taken = 0;
  #pulling = false;
  #exhausted = false;
  #wake: (() => void) | undefined;
  failure: { readonly error: unknown } | undefined;

  constructor(
    items: AnyIterable<Item>,
    work: (item: Item, index: number) => Promise<Outcome>,
    options: WorkOptions,
  ) {
    if (Symbol.asyncIterator in items) {
      const source = items[Symbol.asyncIterator]();
      this.#pull = () => this.#await(source.next());
      this.#letGo = () => source.return?.();
    } else {
      const source = items[Symbol.iterator]();
      this.#pull = () => this.#start(source.next());
      this.#letGo = () => source.return?.();
    }
    this.#work = work;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#exhausted && this.#taken === this.#begun;
  }

  /** Begins as much as there is room for. */
  fill(): void {
    while (!this.#exhausted && !this.#pulling && this.#room > 0) {
      try {
        this.#pull();
      } catch (error) {
        this.end({ error });
      }
    }
  }

  take(): { readonly outcome: Outcome } | undefined {
    if (!this.#ready.has(this.#taken)) return undefined;
    const outcome = this.#ready.get(this.#taken) as Outcome;
    this.#ready.delete(this.#taken++);
    return { outcome };
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Begins nothing more. */
  end(failure?: { readonly error: unknown }): void {
    if (this.#exhausted) return;
    this.#exhausted = true;
    this.failure = failure;
    this.#wake?.();
  }

  /** Lets the items go. One that is being waited for is not waited for any more. */
  async close(): Promise<void> {
    this.#exhausted = true;
    const closed = Promise.resolve(this.#letGo());
    if (this.#pulling) closed.catch(() => undefined);
    else await closed;
  }

  get #room(): number {
    return this.#options.concurrency - (this.#begun - this.#taken);
  }

  #await(next: Promise<IteratorResult<Item>>): void {
    this.#pulling = true;
    next
      .then(
        (result) => this.#start(result),
        (error: unknown) => this.end({ error }),
      )
      .finally(() => {
        this.#pulling = false;
        this.#wake?.();
      });
  }

  #start(next: IteratorResult<Item>): void {
    if (this.#exhausted) return;
    if (next.done === true) return this.end();
    const index = this.#begun++;
    void this.#work(next.value, index).then((outcome) => {
      this.#ready.set(this.#options.order === "items" ? index : this.#ended, outcome);
      this.#ended++;
      this.#wake?.();
    });
  }
}
