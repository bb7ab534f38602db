import type { Command } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { durationValue } from "../option-values.ts";

/** `millrace result <id>` */
export function addResult(program: Command, host: Host): void {
  program
    .command("result")
    .description("Wait for a run to end and print its output, at any later time too.")
    .argument("<id>", "run, as <flow>:<key>")
    .option("--timeout <duration>", "wait no longer; the run goes on", durationValue)
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<GlobalOptions & { readonly timeout?: Duration }>();
      await using millrace = await openExisting(options);
      const handle = millrace.attach(id);
      const { timeout } = options;
      const output = await handle.result(timeout === undefined ? {} : { timeout });
      if (terminal.json) terminal.document({ id, status: "completed", output });
      else terminal.value(output);
    });
}

const HELP = `
A run that failed, crashed or was cancelled ends this with exit code 1 and says why on stderr.

Examples:
  $ millrace result checkout:order-42
  $ millrace result checkout:order-42 --timeout 10s --json | jq .output`;
