import type { Command } from "commander";
import type { WorkerStatus, WorkerView } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { type Cell, type Column, tableLines } from "../render-table.ts";
import { repeatView } from "../repeat-view.ts";
import type { Colors, Terminal } from "../terminal.ts";

/** `millrace workers` */
export function addWorkers(program: Command, host: Host): void {
  program
    .command("workers")
    .description("List the workers: what they serve, how busy they are, when they were last seen.")
    .option("-a, --all", "those of the last day too that have stopped")
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<WorkersOptions>();
      await using millrace = await openExisting(options);
      const show = async (): Promise<readonly string[]> => {
        const workers = (await millrace.workers()).filter(
          ({ status }) => options.all === true || status !== "stopped",
        );
        if (!terminal.json) return workerLines(workers, Date.now(), terminal);
        terminal.document(workers);
        return [];
      };
      if (options.watch === true) return await repeatView(terminal, show);
      const lines = await show();
      for (const line of lines) terminal.print(line);
      if (!terminal.json && lines.length === 0) {
        terminal.note("No worker serves this namespace. Start one: millrace serve <file>");
      }
    });
}

const HELP = `
A worker tells of itself every ten seconds. One that is "gone" has told nothing for half a minute and
did not stop in good order: it crashed, hangs or is cut off. Its runs are taken over all the same.

Examples:
  $ millrace workers --watch
  $ millrace workers --json | jq -r '.[] | select(.status == "gone") | .id'`;

interface WorkersOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly watch?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "worker", shrinkTo: 16 },
  { title: "status" },
  { title: "executes", align: "right" },
  { title: "holds", align: "right" },
  { title: "lag", align: "right" },
  { title: "up", align: "right" },
  { title: "seen", align: "right" },
  { title: "version" },
  { title: "queues", shrinkTo: 12 },
];

/** Workers as a table, one a line. `now`: milliseconds since 1970. */
export function workerLines(
  workers: readonly WorkerView[],
  now: number,
  { colors, width }: Pick<Terminal, "colors" | "width">,
): readonly string[] {
  if (workers.length === 0) return [];
  const ago = (time: Date): string => humanDuration(Math.max(0, now - time.getTime()));
  const rows = workers.map((worker): readonly Cell[] => {
    const isUp = worker.status === "serving" || worker.status === "draining";
    return [
      { text: printable(worker.id), paint: colors.bold },
      { text: worker.status, paint: statusPaint(worker.status, colors) },
      { text: isUp ? `${worker.running} of ${worker.concurrency}` : "" },
      { text: isUp ? String(worker.held) : "" },
      { text: isUp ? humanDuration(worker.lagMs) : "" },
      { text: isUp ? ago(worker.startedAt) : "", paint: colors.dim },
      { text: `${ago(worker.seenAt)} ago`, paint: colors.dim },
      { text: printable(worker.version), paint: colors.dim },
      { text: printable(worker.queues.join(", ")) },
    ];
  });
  return tableLines(COLUMNS, rows, { colors, width });
}

function statusPaint(status: WorkerStatus, { green, yellow, red, dim }: Colors) {
  return { serving: green, draining: yellow, gone: red, stopped: dim }[status];
}
