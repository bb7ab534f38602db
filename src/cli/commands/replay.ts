import { type Command, InvalidArgumentError } from "commander";
import { replay } from "../../debug/replay.ts";
import type { EventAddress } from "../../engine/event-address.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { flowOf } from "../flow-of.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import {
  type InspectAddress,
  inspectValue,
  isInspected,
  stoppingFirst,
  waitForDebugger,
} from "../inspector.ts";
import { addressValue, sequenceValue } from "../option-values.ts";
import { replayLines, replayRecord } from "../render-replay.ts";
import { openRun } from "../run-source.ts";
import { runningCode } from "../running-code.ts";

/** `millrace replay <run>` */
export function addReplay(program: Command, host: Host): void {
  program
    .command("replay")
    .description("Run a flow's code against what is recorded of a run, with no effect.")
    .argument("<run>", "run, as <flow>:<key>, or a file of millrace export")
    .requiredOption("--flow <file>", "TypeScript or JavaScript file that exports the flow")
    .option("--inspect [host:port]", "wait for a debugger, and stop before the flow", inspectValue)
    .option("--until <event|step>", "show the flow no more than this", addressValue)
    .option("--at <sequence>", "show the flow no more than what stood at this sequence", atValue)
    .addHelpText("after", HELP)
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReplayCommandOptions>();
      const { terminal } = host;
      const { inspect, until, at, flow } = options;
      if (until !== undefined && at !== undefined) {
        throw new CliError("USAGE", "Give either --until or --at.");
      }
      // All of it is in memory, and the connection closed, before any code of the flow's runs.
      const { run, payloads } = await openRun(name, options);
      if (inspect !== undefined) waitForDebugger(inspect, (line) => terminal.note(line));
      const end: EventAddress | undefined = until ?? at;
      const replayed = await runningCode([flow], terminal, async () => {
        const found = await flowOf(flow, parseRunId(run.submission.runId).flow);
        return replay(run, {
          definition: inspect === undefined ? found : stoppingFirst(found),
          payloads,
          // Nobody who steps through the code wants it to run on after the last event.
          guess: !isInspected(),
          ...(end === undefined ? {} : { until: end }),
        });
      });
      if (replayed.verdict !== "fits") host.exitCode = EXIT.differs;
      if (terminal.json) return terminal.document(replayRecord(replayed));
      const { colors, width } = terminal;
      for (const line of replayLines(replayed, { colors, width, flow })) terminal.print(line);
    });
}

const HELP = `
The run is read first, from the log, the archive or a file, and no connection is left: no step is
executed, nothing is published, whatever the code says. A line is: what the flow asked for, the
event that answered it, and the line of the code.

Exit code 0 when the code fits what is recorded; 1 when a worker with this code would park the run,
or when the flow ends otherwise than is recorded.

Examples:
  $ millrace replay checkout:order-42 --flow ./flows.ts
  $ millrace replay checkout:order-42 --flow ./flows.ts --inspect
  $ millrace replay order-42.mrun --flow ./flows.ts --until charge
  $ millrace replay checkout:order-42 --flow ./flows.ts --json | jq -r .verdict`;

function atValue(text: string): EventAddress {
  const sequence = sequenceValue(text.replace(/^seq:/, ""));
  if (sequence === 0) throw new InvalidArgumentError("Give a stream sequence from 1.");
  return { sequence };
}

interface ReplayCommandOptions extends GlobalOptions {
  readonly flow: string;
  readonly inspect?: InspectAddress | true;
  readonly until?: EventAddress;
  readonly at?: EventAddress;
}
