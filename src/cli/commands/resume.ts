import type { Command } from "commander";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";

/** `millrace resume <id>` */
export function addResume(program: Command, host: Host): void {
  program
    .command("resume")
    .description("Continue a parked, failed or crashed run from its history.")
    .argument("<id>", "run, as <flow>:<key>")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      await using millrace = await openExisting(command.optsWithGlobals());
      await millrace.attach(id).resume();
      if (terminal.json) terminal.document({ id, resumed: true });
      else terminal.print(`${printable(id)} goes on as soon as a worker takes it.`);
    });
}

const HELP = `
A parked run goes on with the code that is deployed now; a failed one tries the step that failed it
again; a crashed one gets a new crash budget. Nothing that was recorded is repeated.

Example:
  $ millrace resume checkout:order-42 && millrace watch checkout:order-42`;
