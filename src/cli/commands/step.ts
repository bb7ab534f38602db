import type { Command } from "commander";
import { replay } from "../../debug/index.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { resolveAddress } from "../../history/resolve-address.ts";
import type { EventAddress } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import { flowOf } from "../flow-of.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { addressValue } from "../option-values.ts";
import { openRun } from "../run-source.ts";
import { runningCode } from "../running-code.ts";
import { StepScreen } from "../step/step-screen.ts";
import { stepThrough, type Walked } from "../step/step-through.ts";
import { stopSignal } from "../stop-signal.ts";

/** `millrace step <run>` */
export function addStep(program: Command, host: Host): void {
  program
    .command("step")
    .description("Walk through a run in the terminal, event by event, forward and back.")
    .argument("<run>", "run, as <flow>:<key>, or a bundle (.mrun)")
    .option("--flow <file>", "file that exports its flow: shows the line of code behind each event")
    .option("--at <event>", "begin after this event: number, seq:<n> or step", addressValue)
    .addHelpText("after", HELP)
    .action(async (argument: string, _: unknown, command: Command) => {
      const { at, flow, ...options } = command.optsWithGlobals<StepOptions>();
      if (!process.stdin.isTTY || !process.stdout.isTTY || options.json === true) {
        throw new CliError("USAGE", NO_TERMINAL);
      }
      const source = await openRun(argument, options);
      const { frames } = source.run;
      const first = at === undefined ? 0 : resolveAddress(frames, at).last.event;
      const walked = { source, replayed: await replayed(source, flow, host) };
      await onScreen((screen) => stepThrough(walked, screen, host.terminal.colors, first));
    });
}

interface StepOptions extends GlobalOptions {
  readonly at?: EventAddress;
  readonly flow?: string;
}

const NO_TERMINAL =
  "millrace step needs a terminal that shows it and takes keys. In a script use millrace show <run> --at <event>, or millrace replay <run>.";

async function replayed(
  { run, payloads }: Walked["source"],
  flow: string | undefined,
  { terminal }: Host,
) {
  if (flow === undefined) return undefined;
  return runningCode([flow], terminal, async () => {
    const definition = await flowOf(flow, parseRunId(run.submission.runId).flow);
    return replay(run, { definition, payloads, warn: false });
  });
}

/** The terminal is as it was before when this ends, however it ends. */
async function onScreen(show: (screen: StepScreen) => Promise<void>): Promise<void> {
  const screen = new StepScreen(process.stdin, process.stdout);
  const close = (): void => screen.close();
  process.once("exit", close);
  void stopSignal(close).then(close);
  try {
    await show(screen);
  } finally {
    close();
    process.off("exit", close);
  }
}

const HELP = `
Keys: right, n, space: next event; left, p: back; g: go to an event (12, seq:9041, charge#1); /: search;
home, end; up, down: scroll what is below; q: quit.

Nothing of the run is changed, and no step is executed: with --flow its flow is replayed from the history.

Examples:
  $ millrace step checkout:order-42
  $ millrace step order-42.mrun --flow flows.ts --at charge#1`;
