import { type Command, Option } from "commander";
import type { Duration } from "../engine/duration.ts";
import type { ForkPlan, RerunOptions, RunHandle } from "../index.ts";
import type { WhereOptions } from "./act-where.ts";
import { CliError } from "./cli-error.ts";
import { collect, collectPair, durationValue, timeOrDurationValue } from "./option-values.ts";
import { printable } from "./printable.ts";
import { readInput } from "./read-input.ts";
import type { Terminal } from "./terminal.ts";

/** What `rerun` and `fork` have in common. */
export interface RerunCommandOptions extends WhereOptions {
  readonly input?: string;
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

export function addRerunOptions(command: Command): Command {
  return command
    .option("--input <json>", "another input: JSON, @<file>, or - for standard input")
    .option("-k, --key <key>", "your own id for the new run: by the same key it is made once")
    .option("-t, --tag <text>", "one more tag; may be repeated", collect)
    .option("-m, --metadata <name=value>", "more metadata; may be repeated", collectPair)
    .option("-q, --queue <name>", "queue where it waits (default: as it was)")
    .addOption(
      new Option("--priority <class>", "which of the queue's new runs go first").choices([
        "high",
        "normal",
        "low",
      ]),
    )
    .addOption(
      new Option("--if-exists <what>", "when it was made before (default: attach)").choices([
        "attach",
        "reject",
      ]),
    )
    .option(
      "--deadline <when>",
      "cancel it if it is open then: a duration or ISO time",
      timeOrDurationValue,
    )
    .option("-w, --wait", "wait for the result and print it")
    .option("--timeout <duration>", "with --wait: wait no longer", durationValue);
}

/** @throws {@link CliError} `USAGE`, `INPUT_NOT_JSON`, `FILE_NOT_READABLE` */
export async function rerunOptions(options: RerunCommandOptions): Promise<RerunOptions> {
  const { input, key, tag, metadata, queue, priority, ifExists, deadline } = options;
  if (options.timeout !== undefined && options.wait !== true) {
    throw new CliError("USAGE", "--timeout needs --wait: otherwise nothing is waited for.");
  }
  return {
    ...(input === undefined ? {} : { input: await readInput(input) }),
    ...(key === undefined ? {} : { key }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(ifExists === undefined ? {} : { ifExists }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

/** With `--where`, every run is made as its origin was. @throws {@link CliError} `USAGE` */
export function checkOnlyWhere(options: RerunCommandOptions): void {
  const { input, key, tag, metadata, queue, priority, ifExists, deadline, wait, timeout } = options;
  const others = [input, key, tag, metadata, queue, priority, ifExists, deadline, wait, timeout];
  if (others.every((other) => other === undefined)) return;
  throw new CliError(
    "USAGE",
    "With --where each run is made as it was: leave the other options out.",
  );
}

/** Says what was made, and with `--wait` how it ended. */
export async function tellMade(
  terminal: Terminal,
  run: RunHandle,
  { wait, timeout }: RerunCommandOptions,
): Promise<void> {
  const { id, isNew } = run;
  if (wait !== true) {
    return terminal.json ? terminal.document({ id, isNew }) : terminal.print(printable(id));
  }
  if (!terminal.json) terminal.note(`Waiting for ${printable(id)}`);
  const output = await run.result(timeout === undefined ? {} : { timeout });
  if (terminal.json) terminal.document({ id, status: "completed", output });
  else terminal.value(output);
}

/** Says what a fork would be. */
export function tellPlan(terminal: Terminal, plan: ForkPlan): void {
  if (terminal.json) return terminal.document({ ...plan });
  const { origin, id, event, events, keeps, sets, drops, attaches, signals } = plan;
  const whole = event === 0 ? "begins at the start" : `copies ${event} of ${events} events`;
  terminal.print(
    `${id === undefined ? "The fork" : printable(id)} ${whole} of ${printable(origin)}.`,
  );
  const line = (what: string, ids: readonly string[]): void => {
    if (ids.length > 0) terminal.print(`${what.padEnd(24)} ${ids.map(printable).join(", ")}`);
  };
  line("Outcomes that it keeps:", keeps);
  line("Outcomes that are set:", sets);
  line("Recorded after that:", drops);
  line("Children waited for:", attaches);
  if (signals.copied + signals.left > 0) {
    terminal.print(`Signals: ${signals.copied} copied, ${signals.left} not.`);
  }
}
