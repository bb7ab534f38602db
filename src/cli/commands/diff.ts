import type { Command } from "commander";
import { diff } from "../../debug/diff.ts";
import { diffVersions } from "../../debug/diff-versions.ts";
import { openedRun } from "../../debug/opened-run.ts";
import { parseRunId } from "../../engine/run-id.ts";
import type { RecordedRun } from "../../history/recorded-run.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { flowOf } from "../flow-of.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { collect } from "../option-values.ts";
import { diffRecord, renderDiff } from "../render-diff.ts";
import { renderVersionDiff, versionDiffRecord } from "../render-version-diff.ts";
import { openRun } from "../run-source.ts";
import { runningCode } from "../running-code.ts";

/** `millrace diff <a> <b>`, and `millrace diff <a> --flow <file> --flow <file>` */
export function addDiff(program: Command, host: Host): void {
  program
    .command("diff")
    .description("Compare two runs, or what two versions of its code make of one.")
    .argument("<a>", "run, as <flow>:<key>, or a file of millrace export")
    .argument("[b]", "the other one")
    .option("--flow <file>", "code of the flow; twice: the run is replayed under both", collect)
    .addHelpText("after", HELP)
    .action(async (a: string, b: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DiffOptions>();
      const [before, after, ...more] = options.flow ?? [];
      if (b !== undefined && before === undefined) return compareRuns(host, [a, b], options);
      if (b !== undefined || before === undefined || after === undefined || more.length > 0) {
        throw new CliError("USAGE", "Give two runs, or one run and --flow twice.");
      }
      await compareVersions(host, a, [before, after], options);
    });
}

interface DiffOptions extends GlobalOptions {
  readonly flow?: readonly string[];
}

async function compareRuns(
  host: Host,
  [a, b]: readonly [string, string],
  options: GlobalOptions,
): Promise<void> {
  const { terminal } = host;
  const read = async (argument: string): Promise<RecordedRun> => {
    const { run, payloads } = await openRun(argument, options);
    return openedRun(run, payloads);
  };
  const found = diff(await read(a), await read(b));
  if (!found.isSame) host.exitCode = EXIT.differs;
  if (terminal.json) return terminal.document(diffRecord(found));
  for (const line of renderDiff(found, terminal.colors, terminal.width)) terminal.print(line);
}

async function compareVersions(
  host: Host,
  argument: string,
  files: readonly [string, string],
  options: GlobalOptions,
): Promise<void> {
  const { terminal } = host;
  // All of it is in memory, and the connection closed, before any code of the flow's runs.
  const { run, payloads } = await openRun(argument, options);
  const { flow } = parseRunId(run.submission.runId);
  const found = await runningCode(files, terminal, async () => {
    const [a, b] = [await flowOf(files[0], flow), await flowOf(files[1], flow)];
    return diffVersions(run, { a, b, payloads });
  });
  if (!found.isSame) host.exitCode = EXIT.differs;
  if (terminal.json) return terminal.document(versionDiffRecord(found));
  for (const line of renderVersionDiff(found, files, terminal.colors)) terminal.print(line);
}

const HELP = `
Ends with exit code 0 when both were given, did and gave the same, and 1 when not. Times, workers,
take-overs, attempts, and the order of what went on at once are shown, and make no difference.

With --flow twice, one run is replayed under both files, with no effect: no step is executed and
nothing is published. Shown is the first command in which they differ.

Examples:
  $ millrace diff checkout:order-41 checkout:order-42
  $ millrace diff checkout:order-42 fork.mrun
  $ millrace diff checkout:order-42 --flow ./before.ts --flow ./after.ts
  $ millrace diff a.mrun b.mrun --json | jq '.divergence'`;
