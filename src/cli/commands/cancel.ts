import type { Command } from "commander";
import { actWhere, addWhereOptions, oneOrWhere, type WhereOptions } from "../act-where.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";

/** `millrace cancel <id>`, `millrace cancel --where <query>` */
export function addCancel(program: Command, host: Host): void {
  const command = program
    .command("cancel")
    .description("Ask a run to stop. Its flow may clean up, and its open children are asked too.")
    .argument("[id]", "run, as <flow>:<key>")
    .option("--reason <text>", "why: recorded, and told to the flow");
  addWhereOptions(command)
    .option("--dry-run", "with --where: say how many there are, and change nothing")
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const { reason, ...options } = self.optsWithGlobals<CancelOptions>();
      const meant = oneOrWhere(id, options);
      const why = reason === undefined ? {} : { reason };
      if ("query" in meant) {
        return actWhere(host, meant.query, options, {
          verb: "Cancel",
          done: "are asked to stop",
          doneToOne: "is asked to stop",
          start: (millrace, query) => millrace.runs.cancelWhere(query, why),
        });
      }
      const { terminal } = host;
      await using millrace = await openExisting(options);
      await millrace.attach(meant.id).cancel(reason);
      if (terminal.json) terminal.document({ id: meant.id, cancelRequested: true });
      else terminal.print(`${printable(meant.id)} is asked to stop.`);
    });
}

interface CancelOptions extends WhereOptions {
  readonly reason?: string;
}

const HELP = `
A run that no worker has taken up ends at once. Any other ends when its flow has cleaned up; one that
does not react can be ended with "millrace terminate".

With --where a "millrace server" does it to each run that was submitted before, as a job that goes on
when this command is stopped. It shows how many there are and asks first.

Examples:
  $ millrace cancel checkout:order-42 --reason "the customer called" && millrace watch checkout:order-42
  $ millrace cancel --where "flow:checkout status:suspended tag:eu" --reason "sold out"`;
