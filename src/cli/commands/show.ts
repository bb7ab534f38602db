import type { Command } from "commander";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { sequenceValue } from "../option-values.ts";
import { renderRun } from "../render-run.ts";

/** `millrace show <id>` */
export function addShow(program: Command, host: Host): void {
  program
    .command("show")
    .description("Show all that is recorded of a run: status, steps, attempts, timers, error.")
    .argument("<id>", "run, as <flow>:<key>")
    .option(
      "--at <sequence>",
      "as it was when this stream sequence was the last one (see millrace events)",
      sequenceValue,
    )
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const { at, ...options } = command.optsWithGlobals<ShowOptions>();
      await using millrace = await openExisting(options);
      const asOf = at === undefined ? {} : { at };
      const { frames, ...details } = await millrace.attach(id).details(asOf);
      if (terminal.json) return terminal.document({ ...details, frames: frames.length });
      for (const line of renderRun(details, terminal.colors)) terminal.print(line);
    });
}

interface ShowOptions extends GlobalOptions {
  readonly at?: number;
}

const HELP = `
Ends with exit code 0 whatever the run's status; 3 when there is no such run.

Examples:
  $ millrace show checkout:order-42
  $ millrace show checkout:order-42 --at 1234
  $ millrace show checkout:order-42 --json | jq '.steps[] | select(.status == "failed")'`;
