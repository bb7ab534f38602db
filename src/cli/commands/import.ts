import type { Command } from "commander";
import type { ImportedRun, Millrace } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openConnection } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { readFileOption } from "../read-input.ts";
import { headline } from "../render-error.ts";

/** `millrace import <file...>` */
export function addImport(program: Command, host: Host): void {
  program
    .command("import")
    .description("Put the runs of bundles into a namespace, to be looked at and forked there.")
    .argument("<file...>", "bundles (.mrun), or files of archived runs")
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], _: unknown, command: Command) => {
      await using millrace = await openConnection(command.optsWithGlobals<GlobalOptions>());
      await importAll(host, millrace, files);
    });
}

const HELP = `
Nothing of an imported run is ever executed: what had ended is closed, what was open is parked. It
keeps its id, which must be free. To go on with it, fork it. Several files are imported one after
the other; one that is refused does not stop the rest, and makes the exit code.

Examples:
  $ millrace import order-42.mrun
  $ millrace import order-42.mrun && millrace fork checkout:order-42 --from charge
  $ millrace -n debug import test/histories/*.mrun`;

async function importAll(
  { terminal }: Host,
  millrace: Millrace,
  files: readonly string[],
): Promise<void> {
  let failure: unknown;
  for (const file of files) {
    try {
      const imported = await millrace.import(await readFileOption(file), { name: file });
      if (terminal.json) terminal.document({ file, ...imported });
      else terminal.print(`${printable(file)}: ${printable(imported.id)} ${sentence(imported)}`);
    } catch (error) {
      // Of one, the error says all; of several, which one it was.
      if (files.length > 1) terminal.note(`${printable(file)}: ${headline(error)}`);
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

function sentence({ status, recorded, isNew }: ImportedRun): string {
  const was = isNew ? "is imported" : "was imported before";
  return status === "parked" && recorded !== "parked"
    ? `${was}: parked, for it was ${recorded}. Fork it to go on`
    : `${was}: ${status}`;
}
