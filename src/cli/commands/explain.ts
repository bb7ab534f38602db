import type { Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { explanationLines } from "../render-explanation.ts";
import { repeatView } from "../repeat-view.ts";

/** `millrace explain <id>` */
export function addExplain(program: Command, host: Host): void {
  program
    .command("explain")
    .description("Say in one sentence why a run is where it is, and what to do.")
    .argument("<id>", "run, as <flow>:<key>")
    .option("--watch", "show it again every two seconds")
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<ExplainOptions>();
      await using millrace = await openExisting(options);
      const handle = millrace.attach(id);
      const show = async (): Promise<readonly string[]> => {
        const explanation = await handle.explain();
        if (explanation.reason === "not-found") host.exitCode = EXIT.notFound;
        if (!terminal.json) return explanationLines(explanation, terminal.colors);
        terminal.document(explanation);
        return [];
      };
      if (options.watch === true) return await repeatView(terminal, show);
      for (const line of await show()) terminal.print(line);
    });
}

const HELP = `
Found out from the run's history, its queue and its workers, which are asked: no server is needed,
and nothing is changed. Exit code 3 when there is no such run, otherwise 0 whatever is found.

Examples:
  $ millrace explain checkout:order-42
  $ millrace explain checkout:order-42 --json | jq -r .reason`;

interface ExplainOptions extends GlobalOptions {
  readonly watch?: boolean;
}
