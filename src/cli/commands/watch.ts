import type { Command } from "commander";
import type { RunView } from "../../index.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host } from "../host.ts";
import { clockTime } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { progressText } from "../progress-text.ts";
import { coloredStatus } from "../run-colors.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace watch <id>` */
export function addWatch(program: Command, host: Host): void {
  program
    .command("watch")
    .description("Print a run's states as they come, until it has ended.")
    .argument("<id>", "run, as <flow>:<key>")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      await using millrace = await openExisting(command.optsWithGlobals());
      let shown = "";
      for await (const view of millrace.attach(id).watch()) {
        if (terminal.json) terminal.document(view);
        else shown = printView(terminal, view, shown);
        if (view.closed && view.status !== "completed") host.exitCode = EXIT.runNotCompleted;
      }
    });
}

const HELP = `
Ends with exit code 0 when the run has completed, 1 when it failed, crashed or was cancelled.
For each recorded fact, use: millrace events <id> --follow

Example:
  $ millrace watch checkout:order-42`;

/** Prints a view that differs from the one before, and gives what it printed. */
function printView(terminal: Terminal, view: RunView, before: string): string {
  const { dim } = terminal.colors;
  const who = view.worker === "" ? "" : ` on ${printable(view.worker)} (activation ${view.epoch})`;
  const waits = view.waitingFor.length === 0 ? "" : `, waits for ${view.waitingFor.join(", ")}`;
  const how = view.progress === undefined ? "" : `: ${progressText(view.progress)}`;
  const line = `${coloredStatus(view.status, terminal.colors)}${who}${printable(waits + how)}`;
  if (line === before) return before;
  terminal.print(`${dim(clockTime(view.updatedAt))} ${line}`);
  if (view.status === "parked") {
    terminal.note(`It waits for somebody to act: millrace show ${printable(view.id)}`);
  }
  return line;
}
