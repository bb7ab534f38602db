import type { Command } from "commander";
import { actWhere, addWhereOptions, oneOrWhere } from "../act-where.ts";
import {
  addRerunOptions,
  checkOnlyWhere,
  type RerunCommandOptions,
  rerunOptions,
  tellPlan,
} from "../fork-command.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { tellMade } from "../run-options.ts";

/** `millrace rerun <id>`, `millrace rerun --where <query>` */
export function addRerun(program: Command, host: Host): void {
  const command = program
    .command("rerun")
    .description("Run a run again from the start, as a run of its own.")
    .argument("[id]", "run, as <flow>:<key>");
  addWhereOptions(addRerunOptions(command))
    .option("--dry-run", "say what it would be, and make nothing")
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RerunCommandOptions>();
      const meant = oneOrWhere(id, options);
      if ("query" in meant) {
        checkOnlyWhere(options);
        return actWhere(host, meant.query, options, {
          verb: "Run again",
          done: "are run again",
          doneToOne: "is run again",
          start: (millrace, query) => millrace.runs.rerunWhere(query),
        });
      }
      const asked = await rerunOptions(options);
      await using millrace = await openExisting(options);
      if (options.dryRun === true) {
        const plan = await millrace.fork(meant.id, { ...asked, dryRun: true });
        return tellPlan(host.terminal, plan);
      }
      const run = await millrace.attach(meant.id).rerun(asked);
      await tellMade(host.terminal, run, options, { id: run.id, isNew: run.isNew });
    });
}

const HELP = `
Everything is done again, with the code that is deployed now. Tags, metadata, queue and priority are as they were; a
deadline is not. To keep what was done up to a point, see "millrace fork".

Examples:
  $ millrace rerun checkout:order-42 --wait
  $ millrace rerun checkout:order-42 --input '{"cart": 8}' --key order-42-b
  $ millrace rerun --where "flow:checkout status:failed since:1h" --dry-run`;
