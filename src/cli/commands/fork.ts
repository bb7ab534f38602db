import type { Command } from "commander";
import { actWhere, addWhereOptions, oneOrWhere } from "../act-where.ts";
import { CliError } from "../cli-error.ts";
import {
  addRerunOptions,
  checkOnlyWhere,
  type RerunCommandOptions,
  rerunOptions,
  tellPlan,
} from "../fork-command.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { collect } from "../option-values.ts";
import { readInput } from "../read-input.ts";
import { tellMade } from "../run-options.ts";

/** `millrace fork <id> --from <point>`, `millrace fork --where <query> --from <step>` */
export function addFork(program: Command, host: Host): void {
  const command = program
    .command("fork")
    .description("Make a run of another one: its history up to a point, then today's code.")
    .argument("[id]", "run, as <flow>:<key>")
    .option(
      "--from <point>",
      "a step (executed again), or the last event that is copied: 12, seq:9041 (default: the start)",
    )
    .option(
      "--set <step=json>",
      "what a step before the point has returned; may be repeated",
      collect,
    );
  addWhereOptions(addRerunOptions(command))
    .option("--dry-run", "say what it would be, and make nothing")
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<ForkCommandOptions>();
      const { from, set = [] } = options;
      const meant = oneOrWhere(id, options);
      if ("query" in meant) {
        checkOnlyWhere(options);
        if (from === undefined || set.length > 0) {
          throw new CliError("USAGE", "With --where, give --from <step> and nothing else.");
        }
        return actWhere(host, meant.query, options, {
          verb: "Fork",
          done: "are forked",
          doneToOne: "is forked",
          start: (millrace, query) => millrace.runs.forkWhere(query, { from }),
        });
      }
      const asked = {
        ...(await rerunOptions(options)),
        ...(from === undefined ? {} : { from }),
        ...(set.length === 0 ? {} : { set: await outcomesOf(set) }),
      };
      const { terminal } = host;
      await using millrace = await openExisting(options);
      if (options.dryRun === true) {
        return tellPlan(terminal, await millrace.fork(meant.id, { ...asked, dryRun: true }));
      }
      const run = await millrace.fork(meant.id, asked);
      await tellMade(terminal, run, options, { id: run.id, isNew: run.isNew });
    });
}

const HELP = `
The run itself is not touched, whatever state it is in, and may be in the archive. Steps before the point are not executed
again; children that are open there are waited for, and not submitted again; signals after it are not copied.

Examples:
  $ millrace fork checkout:order-42 --from charge
  $ millrace fork checkout:order-42 --set 'quote={"price": 12}' --dry-run
  $ millrace fork checkout:order-42 --from 12 --key order-42-b --wait
  $ millrace fork --where "flow:checkout status:failed step:charge" --from charge`;

interface ForkCommandOptions extends RerunCommandOptions {
  readonly from?: string;
  readonly set?: readonly string[];
}

/** @throws {@link CliError} `USAGE` */
async function outcomesOf(given: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const outcomes: [string, unknown][] = [];
  for (const text of given) {
    const [, step, json] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
    if (step === undefined || json === undefined) {
      throw new CliError("USAGE", `--set ${text}: give <step>=<json>.`);
    }
    outcomes.push([step, json === "" ? undefined : await readInput(json)]);
  }
  return Object.fromEntries(outcomes);
}
