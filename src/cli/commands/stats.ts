import type { Command } from "commander";
import { RUN_STATUSES } from "../../engine/run-status.ts";
import type { RunStats } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { type Cell, type Column, tableLines } from "../render-table.ts";
import { repeatView } from "../repeat-view.ts";
import { statusPaint } from "../run-colors.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace stats` */
export function addStats(program: Command, host: Host): void {
  program
    .command("stats")
    .description("Count runs by flow, queue and status.")
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<StatsOptions>();
      await using millrace = await openExisting(options);
      const show = async (): Promise<readonly string[]> => {
        const stats = await millrace.runs.stats();
        if (!terminal.json) return statsLines(stats, terminal);
        terminal.document(stats);
        return [];
      };
      if (options.watch === true) return await repeatView(terminal, show);
      const lines = await show();
      for (const line of lines) terminal.print(line);
      if (!terminal.json && lines.length === 0) terminal.note("There are no runs yet.");
    });
}

const HELP = `
A "millrace server" answers. The numbers are exact, and nothing is scanned for them.

Example:
  $ millrace stats --watch`;

interface StatsOptions extends GlobalOptions {
  readonly watch?: boolean;
}

/** A line for each flow, and queue where that is another; a column for each status that some run has. */
export function statsLines(
  stats: readonly RunStats[],
  { colors, width }: Pick<Terminal, "colors" | "width">,
): readonly string[] {
  if (stats.length === 0) return [];
  const columns: readonly Column[] = [
    { title: "flow", shrinkTo: 12 },
    { title: "queue", shrinkTo: 0 },
    ...RUN_STATUSES.map((title): Column => ({ title, align: "right" })),
    { title: "all", align: "right" },
  ];
  const places = new Map<string, RunStats[]>();
  for (const one of stats) {
    const place = `${one.flow}:${one.queue}`;
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  const rows = [...places.values()]
    .toSorted(([one], [other]) => compare(one?.flow, other?.flow))
    .map((counts): readonly Cell[] => [
      { text: printable(counts[0]?.flow ?? "") },
      { text: counts[0]?.queue === counts[0]?.flow ? "" : printable(counts[0]?.queue ?? "") },
      ...countCells(counts),
    ]);
  const all: readonly Cell[] = [{ text: "all" }, { text: "" }, ...countCells(stats)];
  return tableLines(columns, places.size > 1 ? [...rows, all] : rows, { colors, width });

  function countCells(counts: readonly RunStats[]): readonly Cell[] {
    const numbers = RUN_STATUSES.map((status): Cell => {
      const count = sumOf(counts.filter((one) => one.status === status));
      const text = count === 0 ? "" : count.toLocaleString("en");
      return { text, paint: statusPaint(status, colors) };
    });
    return [...numbers, { text: sumOf(counts).toLocaleString("en"), paint: colors.bold }];
  }
}

function sumOf(counts: readonly RunStats[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function compare(one = "", other = ""): number {
  return one < other ? -1 : Number(one > other);
}
