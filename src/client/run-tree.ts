import type { Progress } from "../engine/annotations.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import { foldFrames } from "../engine/run-state.ts";
import { type RunStatus, runStatus, statusBeforeStart } from "../engine/run-status.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { readHistory } from "../history/run-history.ts";
import type { ClientHost } from "./client-host.ts";

/** A run and those that it submitted, and so on. */
export interface RunTree {
  readonly id: string;
  /** Its place in the flow that submitted it, such as `ship#1`; empty for the run that was asked for. */
  readonly command: string;
  /** `not-found`: recorded by its parent, and not submitted, yet or for ever. */
  readonly status: RunStatus | "not-found";
  readonly worker: string;
  readonly startedAt: Date | undefined;
  readonly closedAt: Date | undefined;
  readonly waitingFor: readonly string[];
  readonly progress: Progress | undefined;
  readonly children: readonly RunTree[];
  /** How many more children it has that are not shown, for depth or limit. */
  readonly more: number;
}

/** How much of a family is shown. */
export interface TreeOptions {
  /** Generations below the run. 0 to 32, default 5. */
  readonly depth?: number;
  /** Runs in all: of a larger family, the nearer generations go first. 1 to 10,000, default 200. */
  readonly limit?: number;
}

const TREE_DEFAULTS = Object.freeze({ depth: 5, limit: 200 } satisfies TreeOptions);
const MAX_DEPTH = 32;
const MAX_LIMIT = 10_000;
/** Histories that are read at once. */
const AT_ONCE = 16;

/**
 * Reads a family, one generation after the other.
 * @throws {@link InvalidOptionError}
 */
export async function readTree(
  host: ClientHost,
  run: RunRef,
  options: TreeOptions = {},
): Promise<RunTree | undefined> {
  const { depth = TREE_DEFAULTS.depth, limit = TREE_DEFAULTS.limit } = options;
  checkRange("depth", depth, 0, MAX_DEPTH);
  checkRange("limit", limit, 1, MAX_LIMIT);
  const root = await readNode(host, run, "");
  if (root.node.status === "not-found") return undefined;
  // A run that attaches a child to two of its commands, or an ancestor, shows it once.
  const seen = new Set([run.id as string]);
  let left = limit - 1;
  let generation = [root];
  for (let below = 0; generation.length > 0; below++) {
    const next: { readonly parent: ReadNode; readonly child: ChildOf }[] = [];
    for (const parent of generation) {
      const fresh = parent.submitted.filter(({ runId }) => isFirst(seen, runId));
      const shown = below < depth ? fresh.slice(0, left) : [];
      left -= shown.length;
      parent.node.more = fresh.length - shown.length;
      next.push(...shown.map((child) => ({ parent, child })));
    }
    const read: ReadNode[] = [];
    for (let at = 0; at < next.length; at += AT_ONCE) {
      const part = next.slice(at, at + AT_ONCE);
      read.push(
        ...(await Promise.all(
          part.map(({ child }) => readNode(host, parseRunId(child.runId), child.command)),
        )),
      );
    }
    for (const [at, child] of read.entries()) next[at]?.parent.node.children.push(child.node);
    generation = read;
  }
  return root.node;
}

function isFirst(seen: Set<string>, runId: string): boolean {
  if (seen.has(runId)) return false;
  seen.add(runId);
  return true;
}

interface ChildOf {
  readonly command: string;
  readonly runId: string;
}

type GrowingNode = Omit<RunTree, "children" | "more"> & { children: RunTree[]; more: number };

interface ReadNode {
  readonly node: GrowingNode;
  readonly submitted: readonly ChildOf[];
}

async function readNode(host: ClientHost, run: RunRef, command: string): Promise<ReadNode> {
  const { log } = host.broker;
  const place = { id: run.id, command, children: [], more: 0 };
  const head = await readHead(log, run);
  const { frames } = await readHistory(log, run, head.last);
  const state = foldFrames(frames);
  if (state === undefined) {
    const submission = await readSubmission(log, run);
    const status =
      submission === undefined ? "not-found" : statusBeforeStart(submission, host.clock.now());
    const never = {
      startedAt: undefined,
      closedAt: undefined,
      waitingFor: [],
      progress: undefined,
    };
    return { node: { ...place, status, worker: "", ...never }, submitted: [] };
  }
  const { closedAt, worker } = state;
  return {
    node: {
      ...place,
      status: runStatus(state.status),
      worker,
      startedAt: new Date(state.startedAt),
      closedAt: closedAt === undefined ? undefined : new Date(closedAt),
      waitingFor: state.suspended?.waits ?? [],
      progress: state.annotations.progress,
    },
    submitted: [...state.children.values()].map(({ id, runId }) => ({ command: id, runId })),
  };
}

function checkRange(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new InvalidOptionError(option, value, `give a whole number from ${least} to ${most}`);
}
