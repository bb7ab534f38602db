import type { Command } from "commander";
import { recordedResult } from "../../client/recorded-result.ts";
import type { Duration } from "../../engine/duration.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { durationValue } from "../option-values.ts";
import { isBundlePath, openRun } from "../run-source.ts";

/** `millrace result <id>` */
export function addResult(program: Command, host: Host): void {
  program
    .command("result")
    .description("Wait for a run to end and print its output, at any later time too.")
    .argument("<id>", "run, as <flow>:<key>, or a bundle (.mrun)")
    .option("--timeout <duration>", "wait no longer; the run goes on", durationValue)
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<GlobalOptions & { readonly timeout?: Duration }>();
      const output = await outputOf(id, options);
      if (terminal.json) terminal.document({ id, status: "completed", output });
      else terminal.value(output);
    });
}

async function outputOf(
  id: string,
  options: GlobalOptions & { readonly timeout?: Duration },
): Promise<unknown> {
  if (await isBundlePath(id)) {
    const { run, payloads } = await openRun(id, options);
    return recordedResult(run, payloads);
  }
  await using millrace = await openExisting(options);
  const { timeout } = options;
  return await millrace.attach(id).result(timeout === undefined ? {} : { timeout });
}

const HELP = `
A bundle of a run that had not ended is refused with exit code 7.
A run that failed, crashed or was cancelled ends this with exit code 1 and says why on stderr.

Examples:
  $ millrace result checkout:order-42
  $ millrace result checkout:order-42 --timeout 10s --json | jq .output`;
