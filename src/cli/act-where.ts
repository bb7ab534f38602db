import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { type BulkHandle, type BulkProgress, type Millrace, parseRunQuery } from "../index.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Host } from "./host.ts";
import { openExisting } from "./open-connection.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** Options of a command that acts on one run, or on all that a query finds. */
export interface WhereOptions extends GlobalOptions {
  readonly where?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export function addWhereOptions(command: Command): Command {
  return command
    .option("--where <query>", "in place of an id: every run that the query finds (see list)")
    .option("-y, --yes", "with --where: do not ask before it is done");
}

/** What is to be done to the runs, and what to say of it. */
export interface WhereAction {
  /** As in `Cancel 12 runs?` */
  readonly verb: string;
  /** As in `12 runs are asked to stop.` */
  readonly done: string;
  /** As in `1 run is asked to stop.` */
  readonly doneToOne: string;
  readonly start: (millrace: Millrace, query: string) => Promise<BulkHandle>;
}

/**
 * Shows how many runs a query finds, asks whether to go on, has the servers do it, and waits until it is done.
 * @throws {@link CliError} `USAGE` when nobody can be asked and `--yes` is not there, {@link QueryError}, {@link NoAnswerError}
 */
export async function actWhere(
  host: Host,
  query: string,
  options: WhereOptions,
  action: WhereAction,
): Promise<void> {
  const { terminal } = host;
  const { order: _, ...conditions } = parseRunQuery(query, Date.now());
  if (Object.keys(conditions).length === 0) {
    throw new CliError(
      "USAGE",
      "This would mean every run there is. Say which, such as flow:<name>.",
    );
  }
  await using millrace = await openExisting(options);
  const { count, exact } = await millrace.runs.count(query, { atMost: MOST });
  const found = `${exact ? "" : "more than "}${runs(count)}`;
  if (options.dryRun === true) {
    if (terminal.json) return terminal.document({ query, count, exact });
    return terminal.print(`${found} would be meant: millrace list ${printable(query)}`);
  }
  if (count > 0 && !(await isConfirmed(terminal, options, `${action.verb} ${found}`))) {
    throw new CliError("USAGE", "Nothing was done.");
  }
  const job = await action.start(millrace, query);
  if (!terminal.json) terminal.note(`Bulk job ${job.id} goes on if you leave.`);
  report(host, await job.result(), action);
}

const MOST = 1_000_000;

async function isConfirmed(
  terminal: Terminal,
  { yes }: WhereOptions,
  question: string,
): Promise<boolean> {
  if (yes === true) return true;
  if (terminal.json || !terminal.isAttended) {
    throw new CliError("USAGE", `${question}? Nobody can be asked here: add --yes.`);
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

function report(host: Host, progress: BulkProgress, action: WhereAction): void {
  const { terminal } = host;
  const { done, skipped, failed, errors } = progress;
  if (failed > 0) host.exitCode = EXIT.refused;
  if (terminal.json) return terminal.document(progress);
  terminal.print(`${runs(done)} ${done === 1 ? action.doneToOne : action.done}.`);
  if (skipped > 0) terminal.print(`${runs(skipped)} left alone: nothing to do there.`);
  if (failed === 0) return;
  terminal.print(`${runs(failed)} failed:`);
  for (const { run, message } of errors)
    terminal.print(`  ${printable(run)}: ${printable(message)}`);
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count.toLocaleString("en")} runs`;
}

/** @throws {@link CliError} `USAGE` when it is neither one run nor a query. */
export function oneOrWhere(
  id: string | undefined,
  { where, yes }: WhereOptions,
): { readonly id: string } | { readonly query: string } {
  if (where !== undefined && id === undefined) return { query: where };
  if (where === undefined && id !== undefined && yes !== true) return { id };
  const missing = where === undefined && id === undefined;
  throw new CliError(
    "USAGE",
    missing
      ? "Which runs? Give a run's id, or --where <query>."
      : "Give one run's id, or --where <query> (with --yes), and not both.",
  );
}
