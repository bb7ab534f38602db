import type { Environment } from "@marcbachmann/cel-js";
import type { CelNode } from "./cel-node.ts";

/**
 * What one evaluation may still do. An evaluation is counted instead of timed: the same expression with the same event ends in the
 * same way on every machine, and nothing has to be interrupted.
 */
export class Budget {
  #left = 0;
  /** One error for all: loops that pass over errors would make a hundred thousand of them. */
  readonly #spent = new Error("The evaluation takes too much");
  #lastSeen: unknown;

  renew(cost: number): void {
    this.#left = cost;
    this.#lastSeen = undefined;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw this.#spent;
  }

  /** What is measured need not be measured beyond it. */
  get left(): number {
    return this.#left;
  }

  /** An error costs far more than a node, once: it passes through all nodes above. */
  spendOnError(error: unknown): void {
    if (error === this.#lastSeen || error === this.#spent) return;
    this.#lastSeen = error;
    this.spend(ERROR_COST);
  }
}

/**
 * Bounds all evaluations in this environment. Every node but the root goes through the evaluator's `run`, which is taken over here:
 * what takes more than a moment of its own (comparisons of lists, texts searched in texts, copies) is charged before it is done.
 */
export function bounded(environment: Environment): Budget {
  const budget = new Budget();
  const evaluator = evaluatorOf(environment);
  const typeOf = evaluator.debugTypeDeep;
  let depth = 0;
  // The library keeps each type that it has ever seen, and events may nest as they like.
  evaluator.debugTypeDeep = (value) => {
    if (depth >= MAX_TYPE_DEPTH) return evaluator.debugType(value);
    if (isMap(value)) budget.spend(sizeOf(value));
    depth++;
    try {
      return typeOf.call(evaluator, value);
    } finally {
      depth--;
    }
  };
  const run = (written: CelNode, context: unknown): unknown => {
    budget.spend(1);
    const node = written.meta.alternate ?? written;
    try {
      return node.meta.macro === undefined ? step(node, context) : plain(node, context);
    } catch (error) {
      budget.spendOnError(error);
      throw error;
    }
  };
  const plain = (node: CelNode, context: unknown): unknown =>
    node.evaluate(evaluator, node, context);
  const step = (node: CelNode, context: unknown): unknown => {
    const { op, handle, left, right, receiverWithArgs } = node;
    switch (op) {
      case "+":
      case "==":
      case "!=":
      case "in": {
        if (handle === undefined || left === undefined || right === undefined) break;
        const sides = [run(left, context), run(right, context)] as const;
        budget.spend(binaryCost(op, sides[0], sides[1], budget));
        return handle(...sides, node, evaluator);
      }
      case "call": {
        const given = node.args[1];
        if (handle === undefined || !Array.isArray(given)) break;
        const values = (given as readonly CelNode[]).map((one) => run(one, context));
        budget.spend(callCost(node.args[0], values, budget));
        return handle(values, node, evaluator);
      }
      case "rcall": {
        if (handle === undefined || receiverWithArgs === undefined) break;
        const values = receiverWithArgs.map((one) => run(one, context));
        budget.spend(callCost(node.args[0], values, budget));
        const result = handle(values, evaluator, node);
        budget.spend(sizeOf(result));
        return result;
      }
      case "comprehension": {
        const { iterable } = node.args as unknown as { readonly iterable: CelNode };
        if (handle === undefined) break;
        const items = run(iterable, context);
        if (isMap(items)) budget.spend(sizeOf(items));
        return handle(items, node.args, evaluator, context);
      }
      case ".?":
      case "[?]":
        budget.spend(OPTIONAL_COST);
        break;
      default:
    }
    return plain(node, context);
  };
  evaluator.run = run;
  // Operators and loops pass over errors of one part: not over the one that ends it all.
  evaluator.tryEval = (node, context) => {
    try {
      return run(node, context);
    } catch (error) {
      if (budget.isSpent) throw error;
      return error;
    }
  };
  return budget;
}

/** The parts of the library's evaluator that are used and taken over here. Its functions are called on it. */
interface Evaluator {
  run: (node: CelNode, context: unknown) => unknown;
  tryEval: (node: CelNode, context: unknown) => unknown;
  debugTypeDeep: (value: unknown) => unknown;
  debugType: (value: unknown) => unknown;
}

function evaluatorOf(environment: Environment): Evaluator {
  let found: unknown;
  const keep = (evaluator: unknown): boolean => {
    found = evaluator;
    return true;
  };
  environment.registerFunction(
    `${OWN_FUNCTION}(): bool`,
    function (this: unknown) {
      return keep(this);
    },
    { async: false },
  );
  environment.evaluate(`${OWN_FUNCTION}()`);
  const evaluator = found as Partial<Evaluator> | undefined;
  const { run, tryEval, debugType, debugTypeDeep } = evaluator ?? {};
  const isKnown = [run, tryEval, debugType, debugTypeDeep].every(
    (one) => typeof one === "function",
  );
  if (!isKnown) throw new Error("This version of @marcbachmann/cel-js cannot be bounded.");
  return evaluator as Evaluator;
}

/** By which the evaluator shows itself. Nobody else may call it. */
export const OWN_FUNCTION = "millrace_evaluator";

function binaryCost(op: string, left: unknown, right: unknown, budget: Budget): number {
  const sizes = sizeOf(left) + sizeOf(right);
  if (op === "+") return sizes;
  if (op !== "in") return sizes + Math.min(weightOf(left, budget), weightOf(right, budget));
  return isMap(right) ? 1 : weightOf(right, budget) + sizeOf(left) * sizeOf(right);
}

/** What a function goes through: its arguments, or more where it is known to. */
function callCost(name: unknown, values: readonly unknown[], budget: Budget): number {
  const [first, second] = values;
  const sizes = values.map(sizeOf).reduce((sum, size) => sum + size, 0);
  // Its pattern goes back over a long text again and again.
  if (name === "duration" && sizes > LONGEST_DURATION) return Number.POSITIVE_INFINITY;
  if (name === "join" && Array.isArray(first)) {
    return sizes + weightOf(first, budget) * 2 + sizeOf(second) * first.length;
  }
  if (typeof second !== "string") return sizes;
  // A date in a time zone is formatted and read again.
  if (first instanceof Date) return sizes + TIME_ZONE_COST;
  // In the worst case a text is compared at each place of the other.
  return SEARCHES.has(name) ? sizes * Math.max(1, second.length / 8) : sizes;
}

const SEARCHES: ReadonlySet<unknown> = new Set(["contains", "indexOf", "lastIndexOf", "split"]);

/** How much there is to go through once, without what lies deeper. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return 1 + value.length / CHARACTERS;
  if (typeof value !== "object" || value === null) return 1;
  if (Array.isArray(value) || value instanceof Uint8Array) return 1 + value.length;
  return 1 + Object.keys(value).length;
}

/** How much there is in all, as far as the budget goes. What is in it twice counts twice. */
function weightOf(value: unknown, { left }: Budget): number {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && weight <= left) {
    const part = open.pop();
    weight += sizeOf(part);
    if (typeof part !== "object" || part === null || part instanceof Uint8Array) continue;
    if (open.length + weight > left) return left + 1;
    for (const one of Array.isArray(part) ? part : Object.values(part)) open.push(one);
  }
  return weight;
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CHARACTERS = 16;
const LONGEST_DURATION = 6;
const ERROR_COST = 200;
const OPTIONAL_COST = 100;
const TIME_ZONE_COST = 500;
const MAX_TYPE_DEPTH = 6;
