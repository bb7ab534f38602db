import type { Command } from "commander";
import { type Logger, pino } from "pino";
import type { Duration } from "../../engine/duration.ts";
import { type GuardMode, serve } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { loadDefinitions } from "../load-definitions.ts";
import { humanLog } from "../log-stream.ts";
import { openConnection } from "../open-connection.ts";
import { collect, countValue, durationValue, guardOption } from "../option-values.ts";
import { leaveWithParent, tellParent } from "../parent-process.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace serve <file>` */
export function addServe(program: Command, host: Host): void {
  program
    .command("serve")
    .description(
      "Serve what a file exports: flows, tasks, triggers, schedules. Start as many as you like.",
    )
    .argument("<file>", "TypeScript or JavaScript file")
    .option("-l, --limit <n>", "runs that execute at once (default: 100)", countValue)
    .option("-q, --queue <name>", "queue to read, in place of the flows' own; repeatable", collect)
    .option(
      "--lease <duration>",
      "how long a dead worker keeps its runs (new queue: 5s)",
      durationValue,
    )
    .option(
      "--grace <duration>",
      "how long steps may go on when it stops (default: 30s)",
      durationValue,
    )
    .option("--no-automation", "runs only: no triggers, schedules, webhooks, nothing published")
    .option(
      "--allow-webhook <address>",
      "address or network that webhooks may go to although it is not public; repeatable",
      collect,
    )
    .addOption(guardOption("warn when NODE_ENV is development, otherwise off"))
    .addHelpText("after", HELP)
    .action(async (file: string, _: unknown, command: Command) =>
      serveFile(host, file, command.optsWithGlobals<ServeFlags>()),
    );
}

const HELP = `
SIGTERM or Ctrl-C: takes no more runs, lets steps finish, hands over the rest, ends with exit code 0.
A second one ends it at once; other workers take its runs over after one lease. Logs go to stdout: for
people on a terminal, as JSON lines otherwise or with --json.

Examples:
  $ millrace serve flows.ts
  $ millrace serve dist/flows.js --limit 20 --queue slow --queue default`;

interface ServeFlags extends GlobalOptions {
  readonly limit?: number;
  readonly queue?: readonly string[];
  readonly lease?: Duration;
  readonly grace?: Duration;
  readonly guard?: GuardMode;
  readonly automation: boolean;
  readonly allowWebhook?: readonly string[];
}

async function serveFile({ terminal }: Host, file: string, options: ServeFlags): Promise<void> {
  const { limit, queue, lease, grace, guard, automation, allowWebhook } = options;
  const stopped = stopSignal();
  leaveWithParent();
  const served = await loadDefinitions(file);
  await using connection = await openConnection(options);
  const worker = await serve(served, {
    connection,
    automation,
    log: logger(terminal),
    ...(allowWebhook === undefined ? {} : { webhooks: { allow: allowWebhook } }),
    ...(limit === undefined ? {} : { concurrency: limit }),
    ...(queue === undefined ? {} : { queues: queue }),
    ...(lease === undefined ? {} : { lease }),
    ...(grace === undefined ? {} : { drainGrace: grace }),
    ...(guard === undefined ? {} : { determinismGuard: guard }),
  });
  tellParent({ type: "serving", worker: worker.id });
  const asked = await Promise.race([stopped.then(() => true), worker.stopped.then(() => false)]);
  await worker.drain();
  if (!asked) throw new CliError("WORKER_ENDED", "The worker stopped by itself: its log says why.");
}

function logger(terminal: Terminal): Logger {
  // A worker does not stop because nobody reads its log any more.
  terminal.onBrokenPipe = () => undefined;
  const forPeople = process.stdout.isTTY && !terminal.json;
  return pino({ name: "millrace" }, forPeople ? humanLog(terminal.colors, write) : { write });
}

function write(text: string): void {
  process.stdout.write(text);
}
