import type { Command } from "commander";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { countValue, sequenceValue } from "../option-values.ts";
import { treeLines } from "../render-tree.ts";
import { repeatView } from "../repeat-view.ts";

/** `millrace tree <id>` */
export function addTree(program: Command, host: Host): void {
  program
    .command("tree")
    .description("Show a run with the runs that it submitted, theirs, and so on.")
    .argument("<id>", "run, as <flow>:<key>")
    .option("--depth <n>", "generations below it, at most 32 (default: 5)", sequenceValue)
    .option(
      "-l, --limit <n>",
      "most runs to show, the nearer ones first (default: 200)",
      countValue,
    )
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const { depth, limit, ...options } = command.optsWithGlobals<TreeOptions>();
      await using millrace = await openExisting(options);
      const handle = millrace.attach(id);
      const size = {
        ...(depth === undefined ? {} : { depth }),
        ...(limit === undefined ? {} : { limit }),
      };
      const show = async (): Promise<readonly string[]> => {
        const tree = await handle.tree(size);
        if (!terminal.json) return treeLines(tree, Date.now(), terminal.colors);
        terminal.document(tree);
        return [];
      };
      if (options.watch === true) return await repeatView(terminal, show);
      for (const line of await show()) terminal.print(line);
    });
}

const HELP = `
Read from the log: no server is needed. The whole of a large family is found with
millrace list root:<id>.

Example:
  $ millrace tree nightly:2026-05-04 --depth 1`;

interface TreeOptions extends GlobalOptions {
  readonly depth?: number;
  readonly limit?: number;
  readonly watch?: boolean;
}
