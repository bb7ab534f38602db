import type { Command } from "commander";
import { signal } from "../../definition/signal.ts";
import { actWhere, addWhereOptions, type WhereOptions } from "../act-where.ts";
import { CliError } from "../cli-error.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";

/** `millrace signal <id> <name> [json]`, `millrace signal --where <query> <name> [json]` */
export function addSignal(program: Command, host: Host): void {
  const command = program
    .command("signal")
    .description("Send a run a value that its flow receives. It is durable when this comes back.")
    .usage("[options] <id> <name> [json]\n       millrace signal --where <query> <name> [json]")
    .argument("[id]", "run, as <flow>:<key>")
    .argument("[name]", "the signal's name")
    .argument("[json]", "its value: JSON, @<file>, or - for standard input; none by default");
  addWhereOptions(command)
    .option("--dry-run", "with --where: say how many there are, and change nothing")
    .addHelpText("after", HELP)
    .action(
      async (
        first: string | undefined,
        second: string | undefined,
        third: string | undefined,
        _: unknown,
        self: Command,
      ) => {
        const options = self.optsWithGlobals<WhereOptions>();
        const { id, name, json } = whatIsSent([first, second, third], options.where !== undefined);
        const named = signal<unknown>(name);
        const value = await readInput(json);
        const { terminal } = host;
        if (options.where !== undefined) {
          return actWhere(host, options.where, options, {
            verb: "Signal",
            done: "have it in their inbox",
            doneToOne: "has it in its inbox",
            start: (millrace, query) => millrace.runs.signalWhere(query, named, value),
          });
        }
        await using millrace = await openExisting(options);
        await millrace.attach(id).signal(named, value);
        if (terminal.json) terminal.document({ id, signal: name, sent: true });
        else terminal.print(`${printable(id)} has it in its inbox.`);
      },
    );
}

const HELP = `
The value is kept until the flow asks for it, also before the run has started. The signal's schema is
checked by the worker, since the code is not here: a value that does not match is logged there, and
passed over. With --where: as for cancel.

Examples:
  $ millrace signal checkout:order-42 approval '{"approved": true, "by": "ann"}'
  $ millrace signal --where "flow:checkout status:suspended attr.customer:ann" approval true --yes`;

/** Without an id, what follows moves up. @throws {@link CliError} `USAGE` */
function whatIsSent(
  [first, second, third]: readonly (string | undefined)[],
  isWhere: boolean,
): { readonly id: string; readonly name: string; readonly json: string | undefined } {
  if (isWhere) {
    if (first !== undefined && third === undefined) return { id: "", name: first, json: second };
    const rule =
      first === undefined ? "Give the signal's name." : "Give an id or --where, not both.";
    throw new CliError("USAGE", rule);
  }
  if (first !== undefined && second !== undefined) return { id: first, name: second, json: third };
  throw new CliError("USAGE", "Give a run's id (or --where <query>) and the signal's name.");
}
