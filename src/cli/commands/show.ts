import type { Command } from "commander";
import { detailsOf } from "../../client/run-details.ts";
import type { RecordedFrame } from "../../engine/frame.ts";
import type { DetailsOptions, EventAddress, EventPlace, RunDetails } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { addressValue } from "../option-values.ts";
import { eventLine } from "../render-event.ts";
import { renderRun } from "../render-run.ts";
import { isBundlePath, openRun } from "../run-source.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace show <id>` */
export function addShow(program: Command, host: Host): void {
  program
    .command("show")
    .description("Show all that is recorded of a run: status, steps, attempts, timers, error.")
    .argument("<id>", "run, as <flow>:<key>, or a bundle (.mrun)")
    .option(
      "--at <event>",
      "as it was after this event: its number, a sequence (seq:<n>) or a step",
      addressValue,
    )
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const { at, ...options } = command.optsWithGlobals<ShowOptions>();
      const asOf = at === undefined ? {} : { at };
      const { frames, ...details } = await read(id, options, asOf);
      if (terminal.json) return terminal.document({ ...details, frames: frames.length });
      if (at !== undefined) terminal.print(momentLine(frames, details.lastEvent, terminal.colors));
      for (const line of renderRun(details, terminal.colors)) terminal.print(line);
    });
}

async function read(
  argument: string,
  options: GlobalOptions,
  asOf: DetailsOptions,
): Promise<RunDetails> {
  if (await isBundlePath(argument)) {
    const { run, payloads } = await openRun(argument, options);
    return detailsOf(run, payloads, asOf);
  }
  await using millrace = await openExisting(options);
  return await millrace.attach(argument).details(asOf);
}

/** Which moment is shown: the event that was the last one then. */
function momentLine(
  frames: readonly RecordedFrame[],
  place: EventPlace,
  colors: Terminal["colors"],
): string {
  const frame = frames.at(-1);
  const event = frame?.events.at(-1);
  if (frame === undefined || event === undefined) return "Before its first event.";
  const { event: number, sequence, inFrame: index } = place;
  return `After ${eventLine({ ...event, number, sequence, index, epoch: frame.epoch }, colors).trimStart()}`;
}

interface ShowOptions extends GlobalOptions {
  readonly at?: EventAddress;
}

const HELP = `
Ends with exit code 0 whatever the run's status; 3 when there is no such run.

Examples:
  $ millrace show checkout:order-42
  $ millrace show checkout:order-42 --at 12           after its 12th event (millrace events has the numbers)
  $ millrace show checkout:order-42 --at charge#1     after the last that is recorded of that step
  $ millrace show checkout:order-42 --json | jq '.steps[] | select(.status == "failed")'`;
