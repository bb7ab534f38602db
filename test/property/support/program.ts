import fc from "fast-check";

/** A small flow as data: the property tests generate it, play it as a flow, and can shrink it. */
export type Node =
  | StepNode
  | { readonly type: "sleep"; readonly ms: number }
  | { readonly type: "chance"; readonly source: "now" | "random" | "uuid" }
  | { readonly type: "note"; readonly what: "expose" | "progress" | "tag" | "patch" }
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
  | { readonly type: "nested" | "shield"; readonly body: Node }
  /** Its steps are undone when it fails; undoing one takes two attempts. */
  | { readonly type: "saga"; readonly body: Node }
  /** `timeoutMs` 0: for ever. */
  | { readonly type: "receive"; readonly signal: SignalName; readonly timeoutMs: number }
  | ChildNode
  /** Waits for a run that somebody else started, after it was sent a signal. */
  | { readonly type: "attach" };

/** Fails its first `failures` attempts, and has `attempts`. Takes `ms` each time. */
export interface StepNode {
  readonly type: "step";
  readonly name: string;
  readonly failures: number;
  readonly attempts: number;
  readonly fatal: boolean;
  readonly ms: number;
}

/** A run of its own. */
export interface ChildNode {
  readonly type: "child";
  readonly body: Node;
  /** What becomes of its handle: `later` asks for the result after a sleep. */
  readonly use: "result" | "later" | "leave" | "cancel";
  readonly onParentClose: "" | "cancel" | "abandon";
  readonly delayMs: number;
  /** 0 for none. */
  readonly deadlineMs: number;
}

export type SignalName = (typeof SIGNALS)[number];
/** All that a program may receive. */
export const SIGNALS = ["x", "y"] as const;

const USES = ["result", "result", "later", "leave", "cancel"] as const;

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
  ms: fc.constantFrom(0, 1, 50, 1_500, 8_000),
});
const chance = fc.record({
  type: fc.constant("chance" as const),
  source: fc.constantFrom("now" as const, "random" as const, "uuid" as const),
});
const note = fc.record({
  type: fc.constant("note" as const),
  what: fc.constantFrom("expose" as const, "progress" as const, "tag" as const, "patch" as const),
});
const receive = fc.record({
  type: fc.constant("receive" as const),
  signal: fc.constantFrom(...SIGNALS),
  timeoutMs: fc.constantFrom(0, 0, 1, 400, 9_000, 60_000),
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
      { arbitrary: note, weight: 2 },
      { arbitrary: receive, weight: 4 },
      { arbitrary: fc.constant({ type: "attach" as const }), weight: 1 },
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
      {
        arbitrary: fc.record({
          type: fc.constantFrom("nested" as const, "shield" as const, "saga" as const),
          body: node,
        }),
        weight: 5,
      },
      {
        arbitrary: fc.record({
          type: fc.constant("child" as const),
          body: node,
          use: fc.constantFrom(...USES),
          onParentClose: fc.constantFrom("" as const, "cancel" as const, "abandon" as const),
          delayMs: fc.constantFrom(0, 0, 0, 300, 6_000),
          deadlineMs: fc.constantFrom(0, 0, 0, 0, 1, 500, 7_000),
        }),
        weight: 5,
      },
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

/** What a node consists of. */
export function partsOf(node: Node): readonly Node[] {
  if ("nodes" in node) return node.nodes;
  if (node.type === "catch") return [node.body, node.handler];
  return "body" in node ? [node.body] : [];
}

/** True when the node or a part of it is such a one. */
export function holds(node: Node, isSuch: (node: Node) => boolean): boolean {
  return isSuch(node) || partsOf(node).some((part) => holds(part, isSuch));
}
