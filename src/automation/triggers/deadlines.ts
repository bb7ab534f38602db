/** Which keys are due when: a binary heap. An entry that another one of its key replaced is passed over. */
export class Deadlines {
  readonly #heap: Entry[] = [];
  readonly #current = new Map<string, number>();

  /** The earliest, in milliseconds since 1970. */
  get next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** In place of what was there for this key; nothing takes it away. */
  set(key: string, at: number | undefined): void {
    if (this.#current.get(key) === at) return;
    if (at === undefined) {
      this.#current.delete(key);
      return;
    }
    this.#current.set(key, at);
    this.#heap.push({ key, at });
    this.#rise(this.#heap.length - 1);
    // What was replaced over and over is thrown out, so that nothing grows without end.
    if (this.#heap.length > 2 * this.#current.size + 64) this.#rebuild();
  }

  /** The keys that are due by then. Each is given once, until it is set again. */
  takeDue(now: number): readonly string[] {
    const due: string[] = [];
    for (;;) {
      this.#dropStale();
      const [first] = this.#heap;
      if (first === undefined || first.at > now) return due;
      due.push(first.key);
      this.#current.delete(first.key);
      this.#pop();
    }
  }

  #dropStale(): void {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || this.#current.get(first.key) === first.at) return;
      this.#pop();
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= this.#at(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (this.#at(left) < this.#at(least)) least = left;
      if (this.#at(right) < this.#at(least)) least = right;
      if (least === at) return;
      this.#swap(least, at);
      at = least;
    }
  }

  #rebuild(): void {
    this.#heap.length = 0;
    for (const [key, at] of this.#current) this.#heap.push({ key, at });
    for (let at = this.#heap.length >> 1; at >= 0; at--) this.#sink(at);
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}

interface Entry {
  readonly key: string;
  readonly at: number;
}
