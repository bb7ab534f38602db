import type { Command } from "commander";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { renderRun } from "../render-run.ts";

/** `millrace show <id>` */
export function addShow(program: Command, host: Host): void {
  program
    .command("show")
    .description("Show all that is recorded of a run: status, steps, attempts, timers, error.")
    .argument("<id>", "run, as <flow>:<key>")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      await using millrace = await openExisting(command.optsWithGlobals());
      const { frames, ...details } = await millrace.attach(id).details();
      if (terminal.json) return terminal.document({ ...details, frames: frames.length });
      for (const line of renderRun(details, terminal.colors)) terminal.print(line);
    });
}

const HELP = `
Ends with exit code 0 whatever the run's status; 3 when there is no such run.

Examples:
  $ millrace show checkout:order-42
  $ millrace show checkout:order-42 --json | jq '.steps[] | select(.status == "failed")'`;
