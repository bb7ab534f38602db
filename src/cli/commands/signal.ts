import type { Command } from "commander";
import { signal } from "../../definition/signal.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";

/** `millrace signal <id> <name> [json]` */
export function addSignal(program: Command, host: Host): void {
  program
    .command("signal")
    .description("Send a run a value that its flow receives. It is durable when this comes back.")
    .argument("<id>", "run, as <flow>:<key>")
    .argument("<name>", "the signal's name")
    .argument("[json]", "its value: JSON, @<file>, or - for standard input; none by default")
    .addHelpText("after", HELP)
    .action(
      async (id: string, name: string, json: string | undefined, _: unknown, command: Command) => {
        const { terminal } = host;
        const named = signal<unknown>(name);
        const value = await readInput(json);
        await using millrace = await openExisting(command.optsWithGlobals<GlobalOptions>());
        await millrace.attach(id).signal(named, value);
        if (terminal.json) terminal.document({ id, signal: name, sent: true });
        else terminal.print(`${printable(id)} has it in its inbox.`);
      },
    );
}

const HELP = `
The value is kept until the flow asks for it, also before the run has started. The signal's schema is
checked by the worker, since the code is not here: a value that does not match is logged there, and
passed over.

Example:
  $ millrace signal checkout:order-42 approval '{"approved": true, "by": "ann"}'`;
