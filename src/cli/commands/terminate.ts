import type { Command } from "commander";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";

/** `millrace terminate <id>` */
export function addTerminate(program: Command, host: Host): void {
  program
    .command("terminate")
    .description("End a run now, whoever has it. Nothing is cleaned up or compensated.")
    .argument("<id>", "run, as <flow>:<key>")
    .option("--reason <text>", "why: recorded")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const { reason, ...options } = command.optsWithGlobals<TerminateOptions>();
      await using millrace = await openExisting(options);
      await millrace.attach(id).terminate(reason);
      if (terminal.json) terminal.document({ id, terminated: true });
      else terminal.print(`${printable(id)} has ended.`);
    });
}

interface TerminateOptions extends GlobalOptions {
  readonly reason?: string;
}

const HELP = `
For a run that does not react to "millrace cancel". Its worker drops it when it notices; what a step
does at this moment may still happen. Its open children are asked to stop.

Example:
  $ millrace terminate checkout:order-42 --reason "stuck since Monday"`;
