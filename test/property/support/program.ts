import fc from "fast-check";

/** A small flow as data: the property tests generate it, play it as a flow, and can shrink it. */
export type Node =
  /** Fails its first `failures` attempts, and has `attempts`. Takes `ms` each time. */
  | {
      readonly type: "step";
      readonly name: string;
      readonly failures: number;
      readonly attempts: number;
      readonly fatal: boolean;
      readonly ms: number;
    }
  | { readonly type: "sleep"; readonly ms: number }
  | { readonly type: "chance"; readonly source: "now" | "random" | "uuid" }
  | { readonly type: "throw" }
  | { readonly type: "sequence"; readonly nodes: readonly Node[] }
  | { readonly type: "all" | "race" | "settled"; readonly nodes: readonly Node[] }
  | {
      readonly type: "each";
      readonly items: number;
      readonly concurrency: number;
      readonly body: Node;
    }
  | { readonly type: "catch"; readonly body: Node; readonly handler: Node }
  | { readonly type: "nested"; readonly body: Node };

const names = fc.constantFrom("a", "b", "c");
const durations = fc.constantFrom(0, 0, 1, 30, 150, 700);

const step = fc.record({
  type: fc.constant("step" as const),
  name: names,
  failures: fc.constantFrom(0, 0, 0, 1, 2),
  attempts: fc.constantFrom(1, 2, 3),
  fatal: fc.constantFrom(false, false, false, true),
  ms: durations,
});
const sleep = fc.record({
  type: fc.constant("sleep" as const),
  ms: fc.constantFrom(0, 1, 50, 1_500),
});
const chance = fc.record({
  type: fc.constant("chance" as const),
  source: fc.constantFrom("now" as const, "random" as const, "uuid" as const),
});

const nodes: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => {
  const node = tie("node");
  const few = fc.array(node, { maxLength: 3 });
  const some = fc.array(node, { minLength: 1, maxLength: 3 });
  return {
    node: fc.oneof(
      { maxDepth: 4, depthSize: "medium", withCrossShrink: true },
      { arbitrary: step, weight: 8 },
      { arbitrary: sleep, weight: 2 },
      { arbitrary: chance, weight: 2 },
      { arbitrary: fc.constant({ type: "throw" as const }), weight: 1 },
      {
        arbitrary: fc.record({ type: fc.constant("sequence" as const), nodes: few }),
        weight: 8,
      },
      {
        arbitrary: fc.record({
          type: fc.constantFrom("all" as const, "race" as const, "settled" as const),
          nodes: some,
        }),
        weight: 7,
      },
      {
        arbitrary: fc.record({
          type: fc.constant("each" as const),
          items: fc.integer({ min: 0, max: 4 }),
          concurrency: fc.integer({ min: 1, max: 3 }),
          body: node,
        }),
        weight: 2,
      },
      {
        arbitrary: fc.record({ type: fc.constant("catch" as const), body: node, handler: node }),
        weight: 4,
      },
      { arbitrary: fc.record({ type: fc.constant("nested" as const), body: node }), weight: 2 },
    ),
  };
}).node;

/** Programs of a few dozen steps at most. */
export const programs: fc.Arbitrary<Node> = fc.oneof(
  { arbitrary: nodes, weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constant("sequence" as const),
      nodes: fc.array(nodes, { minLength: 1, maxLength: 4 }),
    }),
    weight: 2,
  },
);

/** True when the program gives the same outcome in whatever order its steps end. */
export function isOrderFree(node: Node): boolean {
  switch (node.type) {
    case "step":
    case "sleep":
    case "throw":
      return true;
    case "chance":
      // Drawn in the order of the calls, and the time is that of the last event seen.
      return false;
    case "race":
      return node.nodes.length === 1 && node.nodes.every(isOrderFree);
    case "all":
      return node.nodes.every(isOrderFree) && node.nodes.filter(canFail).length <= 1;
    case "sequence":
    case "settled":
      return node.nodes.every(isOrderFree);
    case "each":
      return isOrderFree(node.body) && (node.items <= 1 || !canFail(node.body));
    case "catch":
      return isOrderFree(node.body) && isOrderFree(node.handler);
    case "nested":
      return isOrderFree(node.body);
  }
}

function canFail(node: Node): boolean {
  switch (node.type) {
    case "step":
      return node.failures > 0 && (node.fatal || node.failures >= node.attempts);
    case "throw":
      return true;
    case "sleep":
    case "chance":
    case "settled":
      return false;
    case "sequence":
    case "all":
    case "race":
      return node.nodes.some(canFail);
    case "each":
      return node.items > 0 && canFail(node.body);
    case "catch":
      return canFail(node.handler);
    case "nested":
      return canFail(node.body);
  }
}
