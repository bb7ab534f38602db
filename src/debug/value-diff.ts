import { membersOf, partsOf } from "./value-parts.ts";
import { isSameLeaf, sortOf } from "./value-sort.ts";
import { ValueTexts } from "./value-text.ts";

/** One place at which two values part. */
export type ValueDifference = {
  /** Where: `$` is the value itself, `$.lines[2].price` a part of it, `$.stock.get("a")` an entry of a map, `$.seen.has(3)` a member of a set. */
  readonly path: string;
} & (
  | { readonly kind: "changed"; readonly a: unknown; readonly b: unknown }
  | { readonly kind: "only-in-a"; readonly a: unknown }
  | { readonly kind: "only-in-b"; readonly b: unknown }
);

/** Where two values part, as far as it was looked. */
export interface ValueDiff {
  /** In the order of the first value's parts; the first {@link ValueDiffOptions.limit} of them. */
  readonly differences: readonly ValueDifference[];
  /** How many more there are. */
  readonly more: number;
  /** True when the values are so large or so deep that not all of them was compared. */
  readonly isCut: boolean;
}

/** How much is told of two values that part. */
export interface ValueDiffOptions {
  /** Differences that are kept; the others are counted. Default 100. */
  readonly limit?: number;
  /** The path of the values themselves. Default `$`. */
  readonly path?: string;
}

/**
 * Compares two values of a run part by part: all that a payload can hold (Date, Map, Set, bytes, big integers, `undefined`, cycles)
 * and recorded errors, whose stack does not count. Lists are compared place by place, objects by key whatever the order. Total:
 * never throws, ends for any value.
 */
export function diffValues(a: unknown, b: unknown, options: ValueDiffOptions = {}): ValueDiff {
  const { limit = DEFAULT_LIMIT, path = "$" } = options;
  const walk = new Walk(limit);
  walk.compare(a, b, path, 0);
  return {
    differences: walk.differences,
    more: walk.found - walk.differences.length,
    isCut: walk.isCut,
  };
}

/** True when two values are the same in all parts. */
export function isSameValue(a: unknown, b: unknown): boolean {
  const { differences, isCut } = diffValues(a, b, { limit: 1 });
  return differences.length === 0 && !isCut;
}

const DEFAULT_LIMIT = 100;
/** Pairs of parts that are looked at. */
const MAX_PAIRS = 1_000_000;
const MAX_DEPTH = 256;

class Walk {
  readonly differences: ValueDifference[] = [];
  found = 0;
  readonly #limit: number;
  readonly #texts = new ValueTexts();
  #isCut = false;
  #pairs = 0;
  /** Pairs of objects that need not be looked at again: they are the same, or their comparison is going on (a cycle). */
  readonly #same = new Map<object, Set<object>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isCut(): boolean {
    return this.#isCut || this.#texts.isCut;
  }

  compare(a: unknown, b: unknown, path: string, depth: number): void {
    if (Object.is(a, b)) return;
    if (++this.#pairs > MAX_PAIRS || depth > MAX_DEPTH) {
      this.#isCut = true;
      return;
    }
    const sort = sortOf(a);
    if (sort !== sortOf(b) || !isObject(a) || !isObject(b)) {
      return this.#note({ path, kind: "changed", a, b });
    }
    if (sort.startsWith("leaf ")) {
      if (!isSameLeaf(a, b)) this.#note({ path, kind: "changed", a, b });
      return;
    }
    if (this.#isKnown(a, b)) return;
    const before = this.found;
    if (sort === "set") this.#compareSets(a as Set<unknown>, b as Set<unknown>, path);
    else this.#compareParts(a, b, path, depth);
    if (this.found !== before) this.#same.get(a)?.delete(b);
  }

  #compareParts(a: object, b: object, path: string, depth: number): void {
    const [inA, inB] = [partsOf(a, this.#texts), partsOf(b, this.#texts)];
    for (const [key, { step, value }] of inA) {
      const other = inB.get(key);
      if (other === undefined) this.#note({ path: path + step, kind: "only-in-a", a: value });
      else this.compare(value, other.value, path + step, depth + 1);
    }
    for (const [key, { step, value }] of inB) {
      if (!inA.has(key)) this.#note({ path: path + step, kind: "only-in-b", b: value });
    }
  }

  /** A member is there or is not: there is no place at which it could have changed. */
  #compareSets(a: Set<unknown>, b: Set<unknown>, path: string): void {
    const [inA, inB] = [membersOf(a, this.#texts), membersOf(b, this.#texts)];
    for (const [key, { step, value }] of inA) {
      if (!inB.has(key)) this.#note({ path: path + step, kind: "only-in-a", a: value });
    }
    for (const [key, { step, value }] of inB) {
      if (!inA.has(key)) this.#note({ path: path + step, kind: "only-in-b", b: value });
    }
  }

  #isKnown(a: object, b: object): boolean {
    const same = this.#same.get(a);
    if (same?.has(b) === true) return true;
    if (same === undefined) this.#same.set(a, new Set([b]));
    else same.add(b);
    return false;
  }

  #note(difference: ValueDifference): void {
    this.found++;
    if (this.differences.length < this.#limit) this.differences.push(difference);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
