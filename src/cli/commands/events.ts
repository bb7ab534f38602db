import type { Command } from "commander";
import { recordedEvents } from "../../client/recorded-events.ts";
import type { RecordedEvent } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { sequenceValue } from "../option-values.ts";
import { eventLine, eventRecord } from "../render-event.ts";
import { isBundlePath, openRun } from "../run-source.ts";
import { addToldEvents } from "./told-events.ts";

/** `millrace events <id>`, and with a word in place of an id what is told of all runs. */
export function addEvents(program: Command, host: Host): void {
  const events = program
    .command("events")
    .description("Print what is recorded of a run, event by event; or see what is told of all.")
    .argument("<id>", "run, as <flow>:<key>, or a bundle (.mrun)")
    .option("-f, --follow", "go on until the run has ended")
    .option("--from <sequence>", "only events after this stream sequence", sequenceValue)
    .addHelpText("after", HELP)
    .action(async (id: string, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<EventsOptions>();
      const print = (event: RecordedEvent): void => {
        if (terminal.json) terminal.document(eventRecord(event));
        else terminal.print(eventLine(event, terminal.colors));
      };
      const { from = 0, follow = false } = options;
      if (await isBundlePath(id)) {
        const { run, payloads } = await openRun(id, options);
        for await (const event of recordedEvents(run, payloads, from)) print(event);
        return;
      }
      await using millrace = await openExisting(options);
      const handle = millrace.attach(id);
      await handle.state(); // An unknown run would be followed for ever.
      for await (const event of handle.events({ from, follow })) print(event);
    });
  addToldEvents(events, host);
}

const HELP = `
A line is: number in the run, stream sequence, time, event, details. The number names the event for
--at and the like. To go on where you stopped, give the last sequence with --from.

Examples:
  $ millrace events checkout:order-42
  $ millrace events order-42.mrun
  $ millrace events set --max-age 30d --statuses completed,failed,crashed
  $ millrace events tail 'millrace.run.*' --follow
  $ millrace events checkout:order-42 --follow --json | jq 'select(.type == "StepCompleted")'`;

interface EventsOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly from?: number;
}
