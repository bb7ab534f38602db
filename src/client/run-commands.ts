import type { RunPeriods } from "../engine/run-periods.ts";
import type { RunState, StepState } from "../engine/run-state.ts";

/**
 * What a flow asked for, as a tree: what a flow that runs inside another asked for (`<flow>#<n>/…`) stands under it. More
 * about each is found by its id among the run's steps, timers and children.
 */
export type CommandDetails =
  | (Command & {
      readonly kind: "step";
      readonly status: StepState["status"];
      readonly attempts: number;
    })
  | (Command & { readonly kind: "timer" })
  /** A run that it submitted. */
  | (Command & { readonly kind: "child"; readonly runId: string })
  /** Another flow's code inside this run. */
  | (Command & { readonly kind: "flow"; readonly commands: readonly CommandDetails[] });

interface Command {
  /** `pay#1/charge#2` */
  readonly id: string;
  /** Its part of the id: `charge#2`. */
  readonly label: string;
  readonly from: Date;
  /** Nothing while it goes on. */
  readonly to: Date | undefined;
}

/** The commands of a run, each level in the order in which they began. */
export function commandTree(state: RunState, periods: RunPeriods): readonly CommandDetails[] {
  const root: Branch = { commands: [], branches: new Map() };
  for (const leaf of leavesOf(state, periods)) plant(root, leaf);
  return root.commands;
}

type Leaf = Exclude<CommandDetails, { kind: "flow" }>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One level of the tree that is being built. */
interface Branch {
  readonly commands: CommandDetails[];
  /** The flows among them, by label. */
  readonly branches: Map<string, { readonly node: Mutable<FlowNode>; readonly inside: Branch }>;
}

type FlowNode = Extract<CommandDetails, { kind: "flow" }>;

function plant(root: Branch, leaf: Leaf): void {
  const labels = labelsOf(leaf.id);
  const own = labels.pop() ?? leaf.id;
  let level = root;
  let prefix = "";
  for (const label of labels) {
    const branch = level.branches.get(label) ?? grow(level, prefix + label, label, leaf);
    const { node } = branch;
    // Sorted by their beginnings: only the end can be another's.
    if (leaf.to === undefined || node.to === undefined) node.to = undefined;
    else if (leaf.to > node.to) node.to = leaf.to;
    level = branch.inside;
    prefix += `${label}/`;
  }
  level.commands.push({ ...leaf, label: own });
}

function grow(level: Branch, id: string, label: string, { from, to }: Leaf) {
  const inside: Branch = { commands: [], branches: new Map() };
  const node: Mutable<FlowNode> = { kind: "flow", id, label, from, to, commands: inside.commands };
  const branch = { node, inside };
  level.branches.set(label, branch);
  level.commands.push(node);
  return branch;
}

/** A name may hold a slash, and never a `#`: what follows `#<n>/` is inside. */
function labelsOf(id: string): string[] {
  return id.split(/(?<=#\d+)\//);
}

function leavesOf(state: RunState, { timers, children }: RunPeriods): readonly Leaf[] {
  const leaves: Leaf[] = [];
  for (const { id, status, attempts } of state.steps.values()) {
    const isOver = status === "completed" || status === "failed";
    const to = isOver ? attempts.at(-1)?.endedAt : undefined;
    const times = { from: new Date(attempts[0]?.startedAt ?? 0), to: dateOf(to) };
    leaves.push({ kind: "step", id, label: id, ...times, status, attempts: attempts.length });
  }
  for (const [id, { from, to }] of timers) {
    leaves.push({ kind: "timer", id, label: id, from: new Date(from), to: dateOf(to) });
  }
  for (const { id, runId } of state.children.values()) {
    const { from = 0, to } = children.get(id) ?? {};
    leaves.push({ kind: "child", id, label: id, runId, from: new Date(from), to: dateOf(to) });
  }
  return leaves.toSorted((one, other) => one.from.getTime() - other.from.getTime());
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
