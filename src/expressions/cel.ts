import { Environment } from "@marcbachmann/cel-js";
import { ExpressionError, type ExpressionProblem } from "../engine/expression-error.ts";
import { type Budget, bounded, OWN_FUNCTION } from "./bounded-evaluation.ts";
import { type CelNode, celNode, nodesOf } from "./cel-node.ts";
import { plainJsonOf } from "./plain-json-of.ts";

/**
 * Compiles a CEL expression, once for any number of evaluations. Whoever may write expressions may write what is slow or large, so
 * text, parts, nesting, the work of an evaluation and its result all have bounds ({@link EXPRESSION_LIMITS}).
 * @throws {@link ExpressionError}
 */
export function compileExpression(
  text: string,
  { variables }: { readonly variables: readonly ExpressionVariable[] },
): CompiledExpression {
  const expression = checkText(text);
  const { environment, budget } = boundedEnvironment(variables);
  const program = compiled(environment, expression);
  return {
    text: expression,
    type: program.type,
    evaluate: (values) => {
      budget.renew(EXPRESSION_LIMITS.cost);
      let result: unknown;
      try {
        result = program.run(values);
      } catch (error) {
        throw budget.isSpent ? tooCostly(expression) : failed(expression, error);
      }
      return plainJsonOf(result, expression, EXPRESSION_LIMITS.resultCharacters);
    },
  };
}

/** An expression that was checked and can be evaluated. */
export interface CompiledExpression {
  readonly text: string;
  /** CEL's name of what it gives, `dyn` when only the event can tell. */
  readonly type: string;
  /**
   * Its value as plain JSON: integers as numbers, timestamps in RFC 3339, durations in seconds with an `s`.
   * @throws {@link ExpressionError} when a field is missing, types do not fit, or it takes too much.
   */
  evaluate(values: Readonly<Record<string, unknown>>): unknown;
}

/** What may stand in expressions: `events` is a list, the others are what the event says. */
export type ExpressionVariable = "event" | "run" | "events";

export const EXPRESSION_LIMITS = Object.freeze({
  characters: 4_000,
  /** Nodes of the syntax tree. */
  nodes: 500,
  /** Parentheses, calls, selections and indexes within each other. */
  depth: 32,
  listElements: 100,
  mapEntries: 100,
  arguments: 8,
  /** Macros (`map`, `filter`, `exists` …) within each other. */
  macros: 4,
  /** Evaluated nodes; also each 16 characters and each list element that an operation goes through. */
  cost: 200_000,
  resultCharacters: 1_048_576,
});

function checkText(text: unknown): string {
  if (typeof text !== "string" || text.trim() === "") {
    const reason = "An expression is text, and not empty";
    throw new ExpressionError(typeof text === "string" ? text : "", {
      problem: "syntax",
      reason,
      at: 0,
      length: 1,
    });
  }
  const { characters } = EXPRESSION_LIMITS;
  if (text.length <= characters) return text;
  const reason = `The expression has ${text.length} characters and may have ${characters}`;
  throw new ExpressionError(text.slice(0, characters), {
    problem: "too-large",
    reason,
    at: 0,
    length: 1,
  });
}

interface BoundedEnvironment {
  readonly environment: Environment;
  readonly budget: Budget;
}

const environments = new Map<string, BoundedEnvironment>();

function boundedEnvironment(variables: readonly ExpressionVariable[]): BoundedEnvironment {
  const key = variables.join();
  const known = environments.get(key);
  if (known !== undefined) return known;
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: {
      maxAstNodes: EXPRESSION_LIMITS.nodes,
      maxDepth: EXPRESSION_LIMITS.depth,
      maxListElements: EXPRESSION_LIMITS.listElements,
      maxMapEntries: EXPRESSION_LIMITS.mapEntries,
      maxCallArguments: EXPRESSION_LIMITS.arguments,
    },
  });
  for (const name of variables) {
    environment.registerVariable(name, name === "events" ? "list" : "dyn");
  }
  addMixedArithmetic(environment);
  const made = { environment, budget: bounded(environment) };
  environments.set(key, made);
  return made;
}

/** JSON's numbers are doubles and literals such as `2` are ints: `event.data.total * 2` is what people write. */
function addMixedArithmetic(environment: Environment): void {
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
  };
  for (const [operator, of] of Object.entries(operators)) {
    const handler = (a: number | bigint, b: number | bigint): number => of(Number(a), Number(b));
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
  }
  environment.registerOperator("double % double: double", (a: number, b: number) => a % b);
}

interface Program {
  readonly type: string;
  run(values: Readonly<Record<string, unknown>>): unknown;
}

function compiled(environment: Environment, expression: string): Program {
  let type: string;
  try {
    const parsed = environment.parse(expression);
    refuse(expression, celNode(parsed.ast));
    const checked = parsed.check();
    if (!checked.valid) throw checked.error ?? new Error("It is not valid");
    type = checked.type ?? "dyn";
  } catch (error) {
    throw error instanceof ExpressionError ? error : notCompiled(expression, error);
  }
  // The root of what is evaluated is evaluated past all bounds: a list stands there, with the expression in it.
  const wrapped = environment.parse(`[${expression}\n]`);
  return {
    type,
    run: (values) => {
      const list: unknown = wrapped(values);
      if (!Array.isArray(list) || list.length !== 1) throw new Error("It is not one expression");
      return list[0];
    },
  };
}

/** What is never evaluated: regular expressions (27 characters of one can block a process for seconds) and macros in macros in macros. */
function refuse(expression: string, root: CelNode): void {
  for (const { node, macros } of nodesOf(root)) {
    const name = node.op === "rcall" || node.op === "call" ? node.args[0] : undefined;
    const place = { at: node.pos, length: node.end - node.pos };
    if (name === "matches") {
      const reason = "matches() is not allowed: use startsWith, endsWith, contains or ==";
      throw new ExpressionError(expression, { problem: "refused", reason, ...place });
    }
    if (name === OWN_FUNCTION) {
      const reason = `Unknown function: ${OWN_FUNCTION}`;
      throw new ExpressionError(expression, { problem: "invalid", reason, ...place });
    }
    if (macros > EXPRESSION_LIMITS.macros) {
      const reason = `Macros may stand ${EXPRESSION_LIMITS.macros} deep within each other`;
      throw new ExpressionError(expression, { problem: "too-large", reason, ...place });
    }
  }
}

function notCompiled(expression: string, error: unknown): ExpressionError {
  const { code, name } = told(error);
  const problem: ExpressionProblem =
    code === "limit_exceeded" || error instanceof RangeError
      ? "too-large"
      : name === "ParseError"
        ? "syntax"
        : "invalid";
  return errorOf(expression, problem, error, 0);
}

/** One character stands before the expression in what was evaluated. */
function failed(expression: string, error: unknown): ExpressionError {
  return error instanceof ExpressionError ? error : errorOf(expression, "failed", error, 1);
}

function errorOf(
  expression: string,
  problem: ExpressionProblem,
  error: unknown,
  offset: number,
): ExpressionError {
  const { summary, range } = told(error);
  const at = (range?.start ?? offset) - offset;
  const length = (range?.end ?? 0) - (range?.start ?? 0);
  const reason = summary.replace(/\.$/, "");
  return new ExpressionError(expression, { problem, reason, at, length }, { cause: error });
}

function tooCostly(expression: string): ExpressionError {
  const reason = `Its evaluation takes more than ${EXPRESSION_LIMITS.cost} steps: fewer or smaller lists and texts may go through it`;
  return new ExpressionError(expression, { problem: "too-costly", reason, at: 0, length: 1 });
}

interface Told {
  readonly name: string;
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** What the library's errors say of themselves. */
function told(error: unknown): Told {
  if (!(error instanceof Error)) return { name: "", code: "", summary: String(error) };
  const { code, summary, range } = error as Partial<Told>;
  return {
    name: error.name,
    code: typeof code === "string" ? code : "",
    summary: typeof summary === "string" ? summary : error.message,
    range,
  };
}
