import type { Command } from "commander";
import type { QueueView } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { type Cell, type Column, tableLines } from "../render-table.ts";
import { repeatView } from "../repeat-view.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace queues` */
export function addQueues(program: Command, host: Host): void {
  program
    .command("queues")
    .description("List the queues: what waits and since when, who serves them, their limits.")
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<QueuesOptions>();
      await using millrace = await openExisting(options);
      const show = async (): Promise<readonly string[]> => {
        const queues = await millrace.queues();
        if (!terminal.json) return queueLines(queues, Date.now(), terminal);
        terminal.document(queues);
        return [];
      };
      if (options.watch === true) return await repeatView(terminal, show);
      const lines = await show();
      for (const line of lines) terminal.print(line);
      if (!terminal.json && lines.length === 0) {
        terminal.note("There are no queues yet: the first worker that serves one makes it.");
      }
    });
}

const HELP = `
"waiting" are new runs that no worker was given yet, "oldest" is how long the first of them waits,
and "in flight" is what workers have. To pause, resume or limit one: millrace queue.

Examples:
  $ millrace queues --watch
  $ millrace queues --json | jq '.[] | select(.workers == [] and .waiting > 0)'`;

interface QueuesOptions extends GlobalOptions {
  readonly watch?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "queue", shrinkTo: 16 },
  { title: "waiting", align: "right" },
  { title: "oldest", align: "right" },
  { title: "in flight", align: "right" },
  { title: "slots", align: "right" },
  { title: "rate", align: "right" },
  { title: "workers", align: "right" },
  { title: "" },
];

/** Queues as a table, one a line. `now`: milliseconds since 1970. */
export function queueLines(
  queues: readonly QueueView[],
  now: number,
  { colors, width }: Pick<Terminal, "colors" | "width">,
): readonly string[] {
  if (queues.length === 0) return [];
  const rows = queues.map((queue): readonly Cell[] => {
    const { waiting, oldestAt, concurrency, rate, workers } = queue;
    const isLeft = workers.length === 0 && waiting + queue.inputs > 0;
    return [
      { text: printable(queue.name), paint: colors.bold },
      { text: waiting.toLocaleString("en") },
      { text: oldestAt === undefined ? "" : humanDuration(Math.max(0, now - oldestAt.getTime())) },
      { text: queue.handedOut.toLocaleString("en") },
      { text: concurrency === undefined ? "" : `${queue.holders.length} of ${concurrency}` },
      { text: rate === undefined ? "" : `${rate.limit} in ${humanDuration(rate.perMs)}` },
      { text: String(workers.length), ...(isLeft ? { paint: colors.red } : {}) },
      { text: queue.paused ? "paused" : "", paint: colors.yellow },
    ];
  });
  return tableLines(COLUMNS, rows, { colors, width });
}
