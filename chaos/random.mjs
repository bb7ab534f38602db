// @ts-check

/**
 * Chance that comes from a seed: the same seed gives the same numbers. What is decided in parallel takes a generator of
 * its own ({@link Random.fork}), so that one does not disturb the other.
 */
export class Random {
  /** The state of mulberry32. */
  #state;

  /** @param {string | number} seed */
  constructor(seed) {
    this.#state = hashOf(String(seed));
  }

  /** A generator of its own for a named purpose. @param {string} purpose */
  fork(purpose) {
    return new Random(`${this.#next()}/${purpose}`);
  }

  /** A number in [0, 1). */
  fraction() {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 to `count - 1`. @param {number} count */
  below(count) {
    return Math.floor(this.fraction() * count);
  }

  /** A number in [low, high). @param {number} low @param {number} high */
  between(low, high) {
    return low + this.fraction() * (high - low);
  }

  /** @param {number} probability in [0, 1] */
  chance(probability) {
    return this.fraction() < probability;
  }

  /**
   * One of the items.
   * @template T
   * @param {readonly T[]} items not empty
   * @returns {T}
   */
  pick(items) {
    return /** @type {T} */ (items[this.below(items.length)]);
  }

  /**
   * One of the items, each as likely as its weight says.
   * @template {{ readonly weight: number }} T
   * @param {readonly T[]} items not empty
   * @returns {T}
   */
  weighted(items) {
    let at = this.between(
      0,
      items.reduce((sum, { weight }) => sum + weight, 0),
    );
    return items.find(({ weight }) => (at -= weight) < 0) ?? this.pick(items);
  }

  #next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

/** FNV-1a, 32 bits. @param {string} text */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}
