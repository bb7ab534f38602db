import type { Command } from "commander";
import type { ForkPlan, RerunOptions } from "../index.ts";
import type { WhereOptions } from "./act-where.ts";
import { CliError } from "./cli-error.ts";
import { collect, collectPair } from "./option-values.ts";
import { printable } from "./printable.ts";
import { readInput } from "./read-input.ts";
import { addRunOptions, type RunOptions, runOptions } from "./run-options.ts";
import type { Terminal } from "./terminal.ts";

/** What `rerun` and `fork` have in common. */
export interface RerunCommandOptions extends WhereOptions, RunOptions {
  readonly input?: string;
}

export function addRerunOptions(command: Command): Command {
  command
    .option("--input <json>", "another input: JSON, @<file>, or - for standard input")
    .option("-k, --key <key>", "your own id for the new run: by the same key it is made once")
    .option("-t, --tag <text>", "one more tag; may be repeated", collect)
    .option("-m, --metadata <name=value>", "more metadata; may be repeated", collectPair)
    .option("-q, --queue <name>", "queue where it waits (default: as it was)");
  return addRunOptions(command);
}

/** @throws {@link CliError} `USAGE`, `INPUT_NOT_JSON`, `FILE_NOT_READABLE` */
export async function rerunOptions(options: RerunCommandOptions): Promise<RerunOptions> {
  const { input } = options;
  const others = runOptions(options);
  return input === undefined ? others : { ...others, input: await readInput(input) };
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
