import type { Command } from "commander";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";

/** `millrace cancel <id>` */
export function addCancel(program: Command, host: Host): void {
  program
    .command("cancel")
    .description("Ask a run to stop. Its flow may clean up, and its open children are asked too.")
    .argument("<id>", "run, as <flow>:<key>")
    .option("--reason <text>", "why: recorded, and told to the flow")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const { reason, ...options } = command.optsWithGlobals<CancelOptions>();
      await using millrace = await openExisting(options);
      await millrace.attach(id).cancel(reason);
      if (terminal.json) terminal.document({ id, cancelRequested: true });
      else terminal.print(`${printable(id)} is asked to stop.`);
    });
}

interface CancelOptions extends GlobalOptions {
  readonly reason?: string;
}

const HELP = `
A run that no worker has taken up ends at once. Any other ends when its flow has cleaned up; one that
does not react can be ended with "millrace terminate".

Example:
  $ millrace cancel checkout:order-42 --reason "the customer called" && millrace watch checkout:order-42`;
