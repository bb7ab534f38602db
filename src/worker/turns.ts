import { queueOfPlace } from "../engine/priority.ts";

/** Which places' turn it is although better ones have something: each gets about one of ten. */
export class Turns {
  /** How many of better places came since the last one of this. */
  readonly #passed = new Map<string, number>();

  /** Something came from this place. */
  note(place: string, siblings: readonly string[]): void {
    const { rank } = queueOfPlace(place);
    this.#passed.set(place, 0);
    for (const other of siblings) {
      if (queueOfPlace(other).rank <= rank) continue;
      this.#passed.set(other, (this.#passed.get(other) ?? 0) + 1);
    }
  }

  isDue(place: string): boolean {
    return (this.#passed.get(place) ?? 0) >= PASSED;
  }
}

/** So many better ones go first. */
export const PASSED = 9;
