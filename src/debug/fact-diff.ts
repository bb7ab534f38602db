import type { Fact } from "./run-facts.ts";
import { diffValues, type ValueDiff } from "./value-diff.ts";

/** A fact that two runs do not share. */
export type FactDifference =
  /** Both have something of this name there, and it says something else. */
  | { readonly kind: "changed"; readonly a: Fact; readonly b: Fact; readonly values: ValueDiff }
  | { readonly kind: "only-in-a"; readonly a: Fact }
  | { readonly kind: "only-in-b"; readonly b: Fact };

/** The first place at which two histories part: with what each of them goes on there. */
export interface Divergence {
  /** How many facts each had before it that are the same in both. */
  readonly after: number;
  /** Nothing when no more is recorded. */
  readonly a: Fact | undefined;
  readonly b: Fact | undefined;
}

/** What two runs have in common settled in another order: the first place at which it shows. */
export interface OrderDifference {
  readonly a: Fact;
  readonly b: Fact;
}

/** How the facts of two runs compare. */
export interface FactDiff {
  readonly divergence: Divergence | undefined;
  /** In the order of the first run; then what only the second one has. */
  readonly differences: readonly FactDifference[];
  readonly order: OrderDifference | undefined;
  /** How many facts are the same in both. */
  readonly same: number;
}

/**
 * Compares facts by their keys, so that what merely settled in another order is no difference: steps that run at the same time
 * end as they do.
 */
export function diffFacts(inA: readonly Fact[], inB: readonly Fact[]): FactDiff {
  const ofB = new Map(inB.map((fact) => [fact.key, fact]));
  const keysOfA = new Set(inA.map(({ key }) => key));
  const differences: FactDifference[] = [];
  const same = new Set<string>();
  for (const a of inA) {
    const b = ofB.get(a.key);
    if (b === undefined) {
      differences.push({ kind: "only-in-a", a });
      continue;
    }
    const values = diffValues(a.says, b.says);
    if (values.differences.length === 0 && !values.isCut) same.add(a.key);
    else differences.push({ kind: "changed", a, b, values });
  }
  for (const b of inB) if (!keysOfA.has(b.key)) differences.push({ kind: "only-in-b", b });
  return {
    divergence: differences.length === 0 ? undefined : divergenceOf(inA, inB, same),
    differences,
    order: orderOf(inA, inB, same),
    same: same.size,
  };
}

function divergenceOf(
  inA: readonly Fact[],
  inB: readonly Fact[],
  same: ReadonlySet<string>,
): Divergence {
  const [partA, partB] = [firstApart(inA, same), firstApart(inB, same)];
  if (partA <= partB) {
    return { after: partA, a: inA[partA], b: counterpart(inA[partA], inB, inA, partA, partB) };
  }
  return { after: partB, a: counterpart(inB[partB], inA, inB, partB, partA), b: inB[partB] };
}

function firstApart(facts: readonly Fact[], same: ReadonlySet<string>): number {
  const at = facts.findIndex(({ key }) => !same.has(key));
  return at === -1 ? facts.length : at;
}

/**
 * What stands on the other side of the first fact that is not shared: the same thing with another outcome, wherever it is; else
 * what the other run has of its own there; else what it simply went on with.
 */
function counterpart(
  fact: Fact | undefined,
  others: readonly Fact[],
  own: readonly Fact[],
  after: number,
  apart: number,
): Fact | undefined {
  const itself = others.find(({ key }) => key === fact?.key);
  if (itself !== undefined) return itself;
  const next = others[apart];
  const isElsewhere = next === undefined || own.some(({ key }) => key === next.key);
  return isElsewhere ? others[after] : next;
}

function orderOf(
  inA: readonly Fact[],
  inB: readonly Fact[],
  same: ReadonlySet<string>,
): OrderDifference | undefined {
  const [shared, others] = [inA, inB].map((facts) => facts.filter(({ key }) => same.has(key)));
  for (const [at, a] of (shared ?? []).entries()) {
    const b = others?.[at];
    if (b !== undefined && b.key !== a.key) return { a, b };
  }
  return undefined;
}
