import { type Command, InvalidArgumentError } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { QueueOptions, QueueState } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration, humanTime } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { countValue, durationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace queue list|show|set|pause|resume` */
export function addQueue(program: Command, host: Host): void {
  const queue = program
    .command("queue")
    .description("Limit, rate and pause of queues: they hold for all workers at once.")
    .addHelpText("after", HELP);
  queue
    .command("list")
    .description("List the queues that somebody has settled something for.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      const states = (await millrace.queues()).filter(isSettled);
      const { terminal } = host;
      if (terminal.json) return terminal.document(states);
      if (states.length === 0) terminal.note("No queue has settings: all run without limits.");
      for (const state of states) terminal.print(headline(state, terminal));
    });
  withName(
    queue.command("show"),
    "Show a queue's settings and the runs that hold its slots.",
  ).action(async (name: string, _: unknown, command: Command) => {
    await using millrace = await openExisting(command.optsWithGlobals());
    show(await millrace.queue(name).state(), host.terminal);
  });
  withName(queue.command("set"), "Change a queue's limit or rate.")
    .option("-l, --limit <n>", "runs active at once over all workers, or none", limitValue)
    .option(
      "-r, --rate <n/duration>",
      "starts in any stretch of time, such as 100/1m, or none",
      rateValue,
    )
    .action(async (name: string, _: unknown, command: Command) => {
      const { limit, rate } = command.optsWithGlobals<SetOptions>();
      if (limit === undefined && rate === undefined) {
        throw new CliError("USAGE", "Give --limit or --rate: there is nothing to set.");
      }
      const options: QueueOptions = {
        ...(limit === undefined ? {} : { concurrency: limit }),
        ...(rate === undefined ? {} : { rate }),
      };
      await using millrace = await openExisting(command.optsWithGlobals());
      const handle = millrace.queue(name);
      await handle.set(options);
      show(await handle.state(), host.terminal);
    });
  withName(
    queue.command("pause"),
    "Start and resume nothing of the queue until it is resumed.",
  ).action(async (name: string, _: unknown, command: Command) => {
    await using millrace = await openExisting(command.optsWithGlobals());
    await millrace.queue(name).pause();
    show(await millrace.queue(name).state(), host.terminal);
  });
  withName(queue.command("resume"), "Let a paused queue go on.").action(
    async (name: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      await millrace.queue(name).resume();
      show(await millrace.queue(name).state(), host.terminal);
    },
  );
}

const HELP = `
Workers follow within a second, without a restart. A paused queue accepts submissions and keeps them;
what executes goes on. What waits in each queue, and who serves it: millrace queues.

Examples:
  $ millrace queue set payments --limit 10 --rate 100/1m
  $ millrace queue set payments --limit none
  $ millrace queue pause payments && millrace queue show payments`;

function isSettled({ paused, concurrency, rate }: QueueState): boolean {
  return paused || concurrency !== undefined || rate !== undefined;
}

interface SetOptions extends GlobalOptions {
  readonly limit?: number | null;
  readonly rate?: { readonly limit: number; readonly per: Duration } | null;
}

function withName(command: Command, description: string): Command {
  return command.description(description).argument("<name>", "name of the queue");
}

function limitValue(text: string): number | null {
  return text === "none" ? null : countValue(text);
}

function rateValue(text: string): { readonly limit: number; readonly per: Duration } | null {
  if (text === "none") return null;
  const [limit = "", per = "", ...rest] = text.split("/");
  if (rest.length > 0 || per === "") {
    throw new InvalidArgumentError("Give starts per time such as 100/1m or 5/10s, or none.");
  }
  return { limit: countValue(limit), per: durationValue(/^\d/.test(per) ? per : `1${per}`) };
}

function show(state: QueueState, terminal: Terminal): void {
  if (terminal.json) return terminal.document(state);
  terminal.print(headline(state, terminal));
  for (const { run, worker, since } of state.holders) {
    terminal.print(
      `  ${printable(run)}  ${terminal.colors.dim(`${printable(worker)} since ${humanTime(since)}`)}`,
    );
  }
}

function headline(
  { name, paused, concurrency, rate, holders }: QueueState,
  { colors }: Terminal,
): string {
  const facts = [
    ...(paused ? [colors.yellow("paused")] : []),
    concurrency === undefined ? "no limit" : `${holders.length} of ${concurrency} slots in use`,
    ...(rate === undefined ? [] : [`${rate.limit} starts in ${humanDuration(rate.perMs)}`]),
  ];
  return `${colors.bold(printable(name))}  ${facts.join(", ")}`;
}
