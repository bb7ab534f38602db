import type { Command } from "commander";
import { diff } from "../../debug/diff.ts";
import { openedRun } from "../../debug/opened-run.ts";
import { EXIT } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { diffRecord, renderDiff } from "../render-diff.ts";
import { openRun } from "../run-source.ts";

/** `millrace diff <a> <b>` */
export function addDiff(program: Command, host: Host): void {
  program
    .command("diff")
    .description("Compare two runs: where they part first, values, outcomes, attempts and times.")
    .argument("<a>", "run, as <flow>:<key>, or a bundle")
    .argument("<b>", "the other one")
    .addHelpText("after", HELP)
    .action(async (a: string, b: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await compareRuns(host, [a, b], options);
    });
}

async function compareRuns(
  host: Host,
  [a, b]: readonly [string, string],
  options: GlobalOptions,
): Promise<void> {
  const { terminal } = host;
  const read = async (argument: string) => {
    const { run, payloads } = await openRun(argument, options);
    return openedRun(run, payloads);
  };
  const found = diff(await read(a), await read(b));
  if (!found.isSame) host.exitCode = EXIT.differs;
  if (terminal.json) return terminal.document(diffRecord(found));
  for (const line of renderDiff(found, terminal.colors, terminal.width)) terminal.print(line);
}

const HELP = `
Ends with exit code 0 when both were given, did and gave the same, and 1 when not. Times, workers,
take-overs, attempts, and the order of what went on at once are shown, and make no difference.

Examples:
  $ millrace diff checkout:order-41 checkout:order-42
  $ millrace diff checkout:order-42 fork.mrun
  $ millrace diff a.mrun b.mrun --json | jq '.divergence'`;
