import { NORMAL_RANK } from "../engine/priority.ts";

/** How many runs may execute at once. Runs that are held already go before new ones. */
export class Slots {
  readonly #limit: number;
  readonly #held: (() => void)[] = [];
  /** By rank, the best first. */
  readonly #fresh: readonly (() => void)[][] = [[], [], []];
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
    return Math.max(0, this.#limit - this.#used - this.#held.length - this.#waiting);
  }

  get #waiting(): number {
    return this.#fresh.reduce((sum, { length }) => sum + length, 0);
  }

  /** Calls back with a slot: at once when one is free. */
  take(kind: "held" | "fresh", call: () => void, rank = NORMAL_RANK): void {
    if (this.#used < this.#limit) {
      this.#used++;
      call();
    } else if (kind === "held") this.#held.push(call);
    else this.#fresh[rank - 1]?.push(call);
  }

  give(): void {
    const next = this.#held.shift() ?? this.#nextFresh();
    if (next !== undefined) return next();
    this.#used--;
    this.#onFree();
  }

  /** The best first. No more are pulled while one waits, so that none waits for ever. */
  #nextFresh(): (() => void) | undefined {
    return this.#fresh.find(({ length }) => length > 0)?.shift();
  }
}
