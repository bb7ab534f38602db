/**
 * A node of a syntax tree as the library's evaluator sees it. Part of this its types do not tell: the tests of the bounds break if
 * another version of the library has it otherwise.
 */
export interface CelNode {
  readonly op: string;
  /** Nodes, texts, and lists of them: of a call its name, its receiver if it has one, its arguments. */
  readonly args: readonly unknown[];
  readonly pos: number;
  readonly end: number;
  readonly left?: CelNode;
  readonly right?: CelNode;
  readonly receiverWithArgs?: readonly CelNode[];
  readonly handle?: (...parts: readonly unknown[]) => unknown;
  readonly meta: { readonly alternate?: CelNode; readonly macro?: object };
  evaluate(evaluator: unknown, node: CelNode, context: unknown): unknown;
}

/** The library's node as what it is. */
export function celNode(ast: unknown): CelNode {
  return ast as CelNode;
}

/** All nodes as they were written, each with the number of macros around it, itself included. */
export function* nodesOf(
  part: unknown,
  macros = 0,
): Generator<{ readonly node: CelNode; readonly macros: number }> {
  if (Array.isArray(part)) {
    for (const one of part) yield* nodesOf(one, macros);
  } else if (typeof part === "object" && part !== null && "op" in part && "args" in part) {
    const node = celNode(part);
    const within = macros + (isLoop(node) ? 1 : 0);
    yield { node, macros: within };
    yield* nodesOf(node.args, within);
  }
}

function isLoop({ op, args }: CelNode): boolean {
  return op === "rcall" && LOOPS.has(args[0]);
}

const LOOPS: ReadonlySet<unknown> = new Set(["all", "exists", "exists_one", "map", "filter"]);
