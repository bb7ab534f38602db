import type { RunSummary, RunView } from "../index.ts";
import { humanDuration } from "./human-time.ts";
import { printable } from "./printable.ts";
import { progressText } from "./progress-text.ts";
import { type Cell, type Column, tableLines } from "./render-table.ts";
import { statusPaint } from "./run-colors.ts";
import type { Terminal } from "./terminal.ts";

/** A run as the search or the log shows it. */
export type ListedRun = RunSummary | RunView;

const COLUMNS: readonly Column[] = [
  { title: "run", shrinkTo: 20 },
  { title: "status" },
  { title: "age", align: "right" },
  { title: "took", align: "right" },
  { title: "queue", shrinkTo: 0 },
  { title: "", shrinkTo: 12 },
];

/** Runs as a table, one a line. `now`: milliseconds since 1970. */
export function runListLines(
  runs: readonly ListedRun[],
  now: number,
  { colors, width }: Pick<Terminal, "colors" | "width">,
): readonly string[] {
  const rows = runs.map((run): readonly Cell[] => [
    { text: printable(run.id), paint: colors.bold },
    { text: run.status, paint: statusPaint(run.status, colors) },
    { text: ageOf(run, now), paint: colors.dim },
    { text: tookOf(run, now) },
    { text: isElsewhere(run) ? printable(run.queue) : "" },
    { text: printable(detailOf(run)), paint: colors.dim },
  ]);
  return tableLines(COLUMNS, rows, { colors, width });
}

function ageOf(run: ListedRun, now: number): string {
  const since = "submittedAt" in run ? run.submittedAt : run.updatedAt;
  return humanDuration(Math.max(0, now - since.getTime()));
}

/** From its start to its end, or to now. */
function tookOf(run: ListedRun, now: number): string {
  if (!("startedAt" in run) || run.startedAt === undefined) return "";
  const end = run.closedAt?.getTime() ?? now;
  return humanDuration(Math.max(0, end - run.startedAt.getTime()));
}

function isElsewhere({ id, queue }: ListedRun): boolean {
  return !id.startsWith(`${queue}:`);
}

/** What matters about it most: what went wrong, what it waits for, how far it is. */
function detailOf(run: ListedRun): string {
  const parts: string[] = [];
  if ("error" in run && run.error !== undefined) {
    parts.push(`${run.error.name}: ${run.error.message}`.replaceAll(/\s+/g, " "));
  }
  if ("parked" in run && run.parked !== undefined) parts.push(run.parked);
  if (run.waitingFor.length > 0) parts.push(`waits for ${run.waitingFor.join(", ")}`);
  if (!run.closed && run.progress !== undefined) parts.push(progressText(run.progress));
  if (run.worker !== "") parts.push(`on ${run.worker}`);
  return parts.join(", ");
}
