/** How many runs may execute at once. Runs that are held already go before new ones. */
export class Slots {
  readonly #limit: number;
  readonly #held: (() => void)[] = [];
  readonly #fresh: (() => void)[] = [];
  readonly #onFree: () => void;
  #used = 0;

  constructor(limit: number, onFree: () => void) {
    this.#limit = limit;
    this.#onFree = onFree;
  }

  get used(): number {
    return this.#used;
  }

  /** Slots that are free and that nobody waits for. */
  get free(): number {
    return Math.max(0, this.#limit - this.#used - this.#held.length - this.#fresh.length);
  }

  /** Calls back with a slot: at once when one is free. */
  take(kind: "held" | "fresh", call: () => void): void {
    if (this.#used < this.#limit) {
      this.#used++;
      call();
    } else (kind === "held" ? this.#held : this.#fresh).push(call);
  }

  give(): void {
    const next = this.#held.shift() ?? this.#fresh.shift();
    if (next !== undefined) return next();
    this.#used--;
    this.#onFree();
  }
}
