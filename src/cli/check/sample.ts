import { createHash } from "node:crypto";

/**
 * Takes a sample of what passes: which ones depends on the seed and the ids, and not on the order in which they come. So the
 * same seed checks the same runs again, as long as they are there.
 */
export class Sample<Item> {
  readonly #size: number;
  readonly #seed: string;
  #taken: { readonly rank: string; readonly item: Item }[] = [];

  constructor(size: number, seed: string) {
    this.#size = size;
    this.#seed = seed;
  }

  add(id: string, item: Item): void {
    const rank = createHash("sha256").update(`${this.#seed}\n${id}`).digest("hex");
    this.#taken.push({ rank, item });
    // Sorted now and then only, so that each costs little.
    if (this.#taken.length >= 2 * this.#size + 1_000) this.#cut();
  }

  get items(): readonly Item[] {
    this.#cut();
    return this.#taken.map(({ item }) => item);
  }

  #cut(): void {
    this.#taken.sort((one, other) => (one.rank < other.rank ? -1 : 1));
    this.#taken = this.#taken.slice(0, this.#size);
  }
}
