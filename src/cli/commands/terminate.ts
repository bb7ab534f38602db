import type { Command } from "commander";
import { actWhere, addWhereOptions, oneOrWhere, type WhereOptions } from "../act-where.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";

/** `millrace terminate <id>`, `millrace terminate --where <query>` */
export function addTerminate(program: Command, host: Host): void {
  const command = program
    .command("terminate")
    .description("End a run now, whoever has it. Nothing is cleaned up or compensated.")
    .argument("[id]", "run, as <flow>:<key>")
    .option("--reason <text>", "why: recorded");
  addWhereOptions(command)
    .option("--dry-run", "with --where: say how many there are, and change nothing")
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const { reason, ...options } = self.optsWithGlobals<TerminateOptions>();
      const meant = oneOrWhere(id, options);
      const why = reason === undefined ? {} : { reason };
      if ("query" in meant) {
        return actWhere(host, meant.query, options, {
          verb: "Terminate",
          done: "are ended",
          doneToOne: "is ended",
          start: (millrace, query) => millrace.runs.terminateWhere(query, why),
        });
      }
      const { terminal } = host;
      await using millrace = await openExisting(options);
      await millrace.attach(meant.id).terminate(reason);
      if (terminal.json) terminal.document({ id: meant.id, terminated: true });
      else terminal.print(`${printable(meant.id)} has ended.`);
    });
}

interface TerminateOptions extends WhereOptions {
  readonly reason?: string;
}

const HELP = `
For a run that does not react to "millrace cancel". Its worker drops it when it notices; what a step
does at this moment may still happen. Its open children are asked to stop. With --where: as for cancel.

Example:
  $ millrace terminate checkout:order-42 --reason "stuck since Monday"`;
