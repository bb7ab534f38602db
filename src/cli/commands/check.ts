import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import type { Command } from "commander";
import { type CheckReport, hasMisfits, hasUnchecked } from "../../debug/index.ts";
import { parseRunQuery } from "../../index.ts";
import { CheckPool } from "../check/check-pool.ts";
import { bundlesToCheck, type Candidate, runsToCheck, sampleOf } from "../check/check-tasks.ts";
import { junitOf } from "../check/junit.ts";
import { renderCheck } from "../check/render-check.ts";
import { runCheck } from "../check/run-check.ts";
import { CliError } from "../cli-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { countValue } from "../option-values.ts";

/** `millrace check --flow <file>` */
export function addCheck(program: Command, host: Host): void {
  program
    .command("check")
    .description(
      "Before a deploy: replay open runs against new code, and say which would be parked.",
    )
    .requiredOption("--flow <file>", "file that exports the new code")
    .option("--query <query>", "only the open runs that a query finds (a server answers; see list)")
    .option("--bundles <dir>", "in place of a namespace: the bundles (.mrun) in a folder")
    .option("--sample <n>", "only so many of the runs", countValue)
    .option("--seed <text>", "with --sample: chooses which ones (default: 0)")
    .option("--concurrency <n>", "threads that replay (default: one for each core)", countValue)
    .option("--junit <file>", "write a report for CI as JUnit XML")
    .option("--fail-if-none", "exit code 8 when there is no run to check")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      host.exitCode = await check(host, command.optsWithGlobals<CheckOptions>());
    });
}

const HELP = `
By default every open run of the namespace that a worker has taken up. Nothing is changed, and no step is
executed: each thread loads the file, and has no connection.

Exit code 0 when every run fits, 1 when some would be parked or would end otherwise, 8 when some could not
be checked: the file does not export their flow, or they cannot be read.

Examples:
  $ millrace check --flow dist/flows.js
  $ millrace check --flow flows.ts --query 'flow:checkout status:suspended' --sample 500
  $ millrace check --flow flows.ts --bundles test/histories --junit check.xml`;

interface CheckOptions extends GlobalOptions {
  readonly flow: string;
  readonly query?: string;
  readonly bundles?: string;
  readonly sample?: number;
  readonly seed?: string;
  readonly concurrency?: number;
  readonly junit?: string;
  readonly failIfNone?: boolean;
}

async function check({ terminal }: Host, options: CheckOptions): Promise<ExitCode> {
  const { flow: flowFile, query, bundles, junit, payloads: payloadsFile } = options;
  if (query !== undefined && bundles !== undefined) {
    throw new CliError(
      "USAGE",
      "--query asks a namespace, --bundles reads files: give one of them.",
    );
  }
  // Refused before anything is opened.
  if (query !== undefined) parseRunQuery(query, Date.now());
  const begun = performance.now();
  const threads = options.concurrency ?? availableParallelism();
  const { pool, names } = await CheckPool.open(threads, {
    flowFile,
    payloadsFile,
    silenceMs: SILENCE_MS,
  });
  try {
    const onProgress = (done: number): void => {
      if (terminal.isAttended && done % PROGRESS_EVERY === 0) terminal.note(`${done} checked …`);
    };
    const report = await withCandidates(options, (candidates) =>
      runCheck(candidates, { pool, names, onProgress }),
    );
    const seconds = (performance.now() - begun) / 1_000;
    if (junit !== undefined) await writeFile(junit, junitOf(report, seconds));
    if (terminal.json) terminal.document(report);
    else for (const line of renderCheck(report, seconds, terminal.colors)) terminal.print(line);
    return exitCodeOf(report, options.failIfNone === true);
  } finally {
    await pool.close();
  }
}

/** Longer than any flow takes to be replayed that does not hang. */
const SILENCE_MS = 60_000;
const PROGRESS_EVERY = 1_000;

async function withCandidates<Result>(
  options: CheckOptions,
  use: (candidates: AsyncIterable<Candidate>) => Promise<Result>,
): Promise<Result> {
  const { query, bundles, sample, seed = "0" } = options;
  const some = (all: AsyncIterable<Candidate>): AsyncIterable<Candidate> =>
    sample === undefined ? all : sampleOf(all, sample, seed);
  if (bundles !== undefined) return use(some(bundlesToCheck(bundles)));
  await using millrace = await openExisting(options);
  return await use(some(runsToCheck(millrace, query)));
}

function exitCodeOf(report: CheckReport, failIfNone: boolean): ExitCode {
  if (hasMisfits(report)) return EXIT.differs;
  if (hasUnchecked(report) || (failIfNone && report.runs === 0)) return EXIT.unchecked;
  return EXIT.ok;
}
