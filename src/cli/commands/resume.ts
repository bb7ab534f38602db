import type { Command } from "commander";
import type { Millrace, ResumableStatus } from "../../index.ts";
import { actWhere, addWhereOptions, type WhereOptions } from "../act-where.ts";
import { CliError } from "../cli-error.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace resume <id>`, `millrace resume --where <query>`, `millrace resume --parked --flow <name>` */
export function addResume(program: Command, host: Host): void {
  const command = program
    .command("resume")
    .description("Continue parked, failed or crashed runs from their history.")
    .argument("[id]", "run, as <flow>:<key>")
    .option(
      "--flow <name>",
      "the same from the log, without a server: every run of this flow that is …",
    )
    .option("--parked", "… parked")
    .option("--failed", "… failed")
    .option("--crashed", "… crashed")
    .option("--dry-run", "with --flow: list them, and change nothing; with --where: count them");
  addWhereOptions(command)
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<ResumeOptions>();
      if (options.where !== undefined && options.flow === undefined) {
        checkAlone(id, options);
        return actWhere(host, options.where, options, {
          verb: "Resume",
          done: "go on as soon as a worker takes them",
          doneToOne: "goes on as soon as a worker takes it",
          start: (millrace, query) => millrace.runs.resumeWhere(query),
        });
      }
      const many = whatIsMeant(id, options);
      await using millrace = await openExisting(options);
      if (typeof many === "string") await resumeOne(host.terminal, millrace, many);
      else if (options.dryRun === true) await list(host.terminal, millrace, many);
      else await resumeMany(host.terminal, millrace, many);
    });
}

const HELP = `
A parked run goes on with the code that is deployed now; a failed one tries the step that failed it
again; a crashed one gets a new crash budget. Nothing that was recorded is repeated.

Examples:
  $ millrace resume checkout:order-42 && millrace watch checkout:order-42
  $ millrace resume --where "status:failed error:0f3a52c6b1d7e894 since:1d"
  $ millrace resume --parked --flow checkout --dry-run
  $ millrace resume --parked --failed --flow checkout`;

interface ResumeOptions extends WhereOptions {
  readonly flow?: string;
  readonly parked?: boolean;
  readonly failed?: boolean;
  readonly crashed?: boolean;
}

/** @throws {@link CliError} `USAGE` when more is given than a query. */
function checkAlone(id: string | undefined, options: ResumeOptions): void {
  if (id === undefined && STATES.every((state) => options[state] !== true)) return;
  throw new CliError(
    "USAGE",
    "Give one run's id, or --where <query> (with status:…), and not both.",
  );
}

interface Many {
  readonly flow: string;
  readonly status: readonly ResumableStatus[];
}

/** @throws {@link CliError} `USAGE` when it is neither one run nor some runs of a flow. */
function whatIsMeant(id: string | undefined, options: ResumeOptions): string | Many {
  const { flow, dryRun, where } = options;
  if (where !== undefined) {
    throw new CliError(
      "USAGE",
      "Give --where or --flow, and not both: flow:<name> is part of a query.",
    );
  }
  const status = STATES.filter((state) => options[state] === true);
  if (id !== undefined) {
    if (flow === undefined && status.length === 0 && dryRun !== true) return id;
    throw new CliError("USAGE", "Give one run's id, or --flow and a state, and not both.");
  }
  if (flow !== undefined && status.length > 0) return { flow, status };
  const missing = flow === undefined ? "--flow <name>" : "--parked, --failed or --crashed";
  throw new CliError("USAGE", `Which runs? Give a run's id, or add ${missing}.`);
}

const STATES = ["parked", "failed", "crashed"] as const satisfies readonly ResumableStatus[];

async function resumeOne(terminal: Terminal, millrace: Millrace, id: string): Promise<void> {
  await millrace.attach(id).resume();
  if (terminal.json) terminal.document({ id, resumed: true });
  else terminal.print(`${printable(id)} goes on as soon as a worker takes it.`);
}

async function resumeMany(terminal: Terminal, millrace: Millrace, many: Many): Promise<void> {
  const resumed = await millrace.resumeWhere(many);
  if (terminal.json) terminal.document({ ...many, resumed });
  else terminal.print(`${runs(resumed)} of ${many.flow} go on as soon as a worker takes them.`);
}

async function list(terminal: Terminal, millrace: Millrace, many: Many): Promise<void> {
  let found = 0;
  for await (const { id, status } of millrace.list(many)) {
    found++;
    if (terminal.json) terminal.document({ id, status });
    else terminal.print(`${status.padEnd(8)} ${printable(id)}`);
  }
  if (!terminal.json) terminal.note(`${runs(found)} would be resumed.`);
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}
