import { type Command, Option } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { SubmitOptions as LibraryOptions } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openConnection } from "../open-connection.ts";
import {
  collect,
  collectPair,
  durationValue,
  timeOrDurationValue,
  timeValue,
} from "../option-values.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";

/** `millrace submit <flow> [json]` */
export function addSubmit(program: Command, host: Host): void {
  program
    .command("submit")
    .description("Submit a run of a flow or task. It is accepted when this comes back.")
    .argument("<flow>", "name of the flow or task")
    .argument("[json]", "its input: JSON, @<file>, or - for standard input; none by default")
    .option("-k, --key <key>", "your own id for it: the same key is the same run")
    .option("-t, --tag <text>", "tag to find it by; may be repeated", collect)
    .option("-m, --metadata <name=value>", "kept with the run; may be repeated", collectPair)
    .option("-q, --queue <name>", "queue where it waits (default: the flow's name)")
    .addOption(
      new Option("--priority <class>", "which of the queue's new runs go first").choices([
        "high",
        "normal",
        "low",
      ]),
    )
    .addOption(
      new Option("--if-exists <what>", "when the key is taken")
        .choices(["attach", "reject"])
        .default("attach"),
    )
    .option("--delay <duration>", "start so long from now", durationValue)
    .option("--at <time>", "start then: an ISO time such as 2030-01-31T08:00:00Z", timeValue)
    .option(
      "--deadline <when>",
      "cancel it if it is open then: a duration or ISO time",
      timeOrDurationValue,
    )
    .option("-w, --wait", "wait for the result and print it")
    .option("--timeout <duration>", "with --wait: wait no longer", durationValue)
    .addHelpText("after", HELP)
    .action(async (flow: string, json: string | undefined, _: unknown, command: Command) =>
      submit(host, flow, json, command.optsWithGlobals<SubmitOptions>()),
    );
}

const HELP = `
Prints the run's id, or with --wait the run's output.

Examples:
  $ millrace submit checkout '{"cart": 7}' --key order-42
  $ millrace submit checkout @order.json --tag shop:berlin --wait --timeout 1m
  $ jq .order mail.json | millrace submit checkout - --json`;

interface SubmitOptions extends GlobalOptions {
  readonly key?: string;
  readonly tag?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly queue?: string;
  readonly priority?: "high" | "normal" | "low";
  readonly ifExists: "attach" | "reject";
  readonly delay?: Duration;
  readonly at?: Date;
  readonly deadline?: Date | Duration;
  readonly wait?: boolean;
  readonly timeout?: Duration;
}

async function submit(
  host: Host,
  flow: string,
  json: string | undefined,
  options: SubmitOptions,
): Promise<void> {
  const { terminal } = host;
  const { wait, timeout } = options;
  checkTogether(options);
  const input = await readInput(json);
  await using millrace = await openConnection(options);
  const handle = await millrace.submit(flow, input, asked(options));
  const { id } = handle;
  if (wait !== true)
    return terminal.json ? terminal.document({ id }) : terminal.print(printable(id));
  if (!terminal.json) terminal.note(`Waiting for ${printable(id)}`);
  const output = await handle.result(timeout === undefined ? {} : { timeout });
  if (terminal.json) terminal.document({ id, status: "completed", output });
  else terminal.value(output);
}

function checkTogether({ wait, timeout, at, delay }: SubmitOptions): void {
  if (timeout !== undefined && wait !== true) {
    throw new CliError("USAGE", "--timeout needs --wait: a submission alone does not wait.");
  }
  if (at !== undefined && delay !== undefined) {
    throw new CliError("USAGE", "Give --at or --delay, not both.");
  }
}

function asked(options: SubmitOptions): LibraryOptions {
  const { key, tag, metadata, queue, priority, ifExists, delay, at, deadline } = options;
  return {
    ifExists,
    ...(key === undefined ? {} : { key }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(delay === undefined ? {} : { delay }),
    ...(at === undefined ? {} : { at }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}
