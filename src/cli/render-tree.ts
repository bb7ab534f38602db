import type { RunTree } from "../index.ts";
import { humanDuration } from "./human-time.ts";
import { printable } from "./printable.ts";
import { progressText } from "./progress-text.ts";
import { coloredStatus } from "./run-colors.ts";
import type { Colors } from "./terminal.ts";

/** A family of runs, each under the one that submitted it. `now`: milliseconds since 1970. */
export function treeLines(tree: RunTree, now: number, colors: Colors): readonly string[] {
  return [nodeText(tree, now, colors), ...below(tree, "", now, colors)];
}

function below(
  { children, more }: RunTree,
  indent: string,
  now: number,
  colors: Colors,
): readonly string[] {
  const lines = children.flatMap((child, at) => {
    const isLast = more === 0 && at === children.length - 1;
    const line = `${indent}${isLast ? "└─" : "├─"} ${nodeText(child, now, colors)}`;
    return [line, ...below(child, `${indent}${isLast ? "   " : "│  "}`, now, colors)];
  });
  const word = children.length === 0 ? "" : "more ";
  return more === 0 ? lines : [...lines, `${indent}└─ ${colors.dim(`… ${more} ${word}not shown`)}`];
}

function nodeText(run: RunTree, now: number, colors: Colors): string {
  const parts = [coloredStatus(run.status, colors)];
  if (run.startedAt !== undefined) {
    const end = run.closedAt?.getTime() ?? now;
    parts.push(humanDuration(Math.max(0, end - run.startedAt.getTime())));
  }
  const facts: string[] = [];
  if (run.waitingFor.length > 0) facts.push(`waits for ${run.waitingFor.join(", ")}`);
  if (run.closedAt === undefined && run.progress !== undefined) {
    facts.push(progressText(run.progress));
  }
  if (run.worker !== "") facts.push(`on ${run.worker}`);
  const place = run.command === "" ? "" : `${colors.dim(printable(run.command))} `;
  const rest = facts.length === 0 ? "" : `  ${colors.dim(printable(facts.join(", ")))}`;
  return `${place}${colors.bold(printable(run.id))}  ${parts.join("  ")}${rest}`;
}
