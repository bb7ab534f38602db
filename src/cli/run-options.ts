import { type Command, Option } from "commander";
import type { Duration } from "../engine/duration.ts";
import type { RunHandle, SubmitOptions } from "../index.ts";
import { CliError } from "./cli-error.ts";
import { durationValue, timeOrDurationValue } from "./option-values.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** What every command takes that makes a run. */
export interface RunOptions {
  readonly key?: string;
  readonly tag?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly queue?: string;
  readonly priority?: "high" | "normal" | "low";
  readonly ifExists?: "attach" | "reject";
  readonly deadline?: Date | Duration;
  readonly wait?: boolean;
  readonly timeout?: Duration;
}

/** Those that mean the same for a submission, a rerun and a fork. */
export function addRunOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--priority <class>", "which of the queue's new runs go first").choices([
        "high",
        "normal",
        "low",
      ]),
    )
    .addOption(
      new Option("--if-exists <what>", "when a run of that key is there (default: attach)").choices(
        ["attach", "reject"],
      ),
    )
    .option(
      "--deadline <when>",
      "cancel it if it is open then: a duration or ISO time",
      timeOrDurationValue,
    )
    .option("-w, --wait", "wait for the result and print it")
    .option("--timeout <duration>", "with --wait: wait no longer", durationValue);
}

/** @throws {@link CliError} `USAGE` */
export function runOptions(options: RunOptions): SubmitOptions {
  const { key, tag, metadata, queue, priority, ifExists, deadline } = options;
  if (options.timeout !== undefined && options.wait !== true) {
    throw new CliError("USAGE", "--timeout needs --wait: otherwise nothing is waited for.");
  }
  return {
    ...(key === undefined ? {} : { key }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(ifExists === undefined ? {} : { ifExists }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

/** Says which run was made, in the command's own document, and with `--wait` how it ended. */
export async function tellMade(
  terminal: Terminal,
  run: Pick<RunHandle, "id" | "result">,
  { wait, timeout }: RunOptions,
  document: object,
): Promise<void> {
  const { id } = run;
  if (wait !== true)
    return terminal.json ? terminal.document(document) : terminal.print(printable(id));
  if (!terminal.json) terminal.note(`Waiting for ${printable(id)}`);
  const output = await run.result(timeout === undefined ? {} : { timeout });
  if (terminal.json) terminal.document({ id, status: "completed", output });
  else terminal.value(output);
}
