import type { Command } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { SubmitOptions as LibraryOptions } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openConnection } from "../open-connection.ts";
import { collect, collectPair, durationValue, timeValue } from "../option-values.ts";
import { readInput } from "../read-input.ts";
import { addRunOptions, type RunOptions, runOptions, tellMade } from "../run-options.ts";

/** `millrace submit <flow> [json]` */
export function addSubmit(program: Command, host: Host): void {
  const command = program
    .command("submit")
    .description("Submit a run of a flow or task. It is accepted when this comes back.")
    .argument("<flow>", "name of the flow or task")
    .argument("[json]", "its input: JSON, @<file>, or - for standard input; none by default")
    .option("-k, --key <key>", "your own id for it: the same key is the same run")
    .option("-t, --tag <text>", "tag to find it by; may be repeated", collect)
    .option("-m, --metadata <name=value>", "kept with the run; may be repeated", collectPair)
    .option("-q, --queue <name>", "queue where it waits (default: the flow's name)")
    .option("--delay <duration>", "start so long from now", durationValue)
    .option("--at <time>", "start then: an ISO time such as 2030-01-31T08:00:00Z", timeValue);
  addRunOptions(command)
    .addHelpText("after", HELP)
    .action(async (flow: string, json: string | undefined, _: unknown, self: Command) =>
      submit(host, flow, json, self.optsWithGlobals<SubmitOptions>()),
    );
}

const HELP = `
Prints the run's id, or with --wait the run's output.

Examples:
  $ millrace submit checkout '{"cart": 7}' --key order-42
  $ millrace submit checkout @order.json --tag shop:berlin --wait --timeout 1m
  $ jq .order mail.json | millrace submit checkout - --json`;

interface SubmitOptions extends GlobalOptions, RunOptions {
  readonly delay?: Duration;
  readonly at?: Date;
}

async function submit(
  host: Host,
  flow: string,
  json: string | undefined,
  options: SubmitOptions,
): Promise<void> {
  const asked = { ...runOptions(options), ...start(options) };
  const input = await readInput(json);
  await using millrace = await openConnection(options);
  const run = await millrace.submit(flow, input, asked);
  await tellMade(host.terminal, run, options, { id: run.id });
}

/** @throws {@link CliError} `USAGE` */
function start({ at, delay }: SubmitOptions): Pick<LibraryOptions, "at" | "delay"> {
  if (at !== undefined && delay !== undefined) {
    throw new CliError("USAGE", "Give --at or --delay, not both.");
  }
  if (at !== undefined) return { at };
  return delay === undefined ? {} : { delay };
}
