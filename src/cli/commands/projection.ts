import { existsSync } from "node:fs";
import type { Command } from "commander";
import { pino } from "pino";
import { systemClock } from "../../ports/clock.ts";
import { measureLag } from "../../projections/measure-lag.ts";
import type { ProjectorStatus } from "../../projections/projector-status.ts";
import type { RunStore } from "../../projections/run-store.ts";
import { defaultDatabase } from "../../server/default-database.ts";
import { CliError } from "../cli-error.ts";
import { databaseOption } from "../database-option.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanDuration } from "../human-time.ts";
import { humanLog } from "../log-stream.ts";
import { openExisting } from "../open-connection.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace projection status|rebuild` */
export function addProjection(program: Command, host: Host): void {
  const projection = program
    .command("projection")
    .description(
      "The view of all runs that a server keeps: how far it is, and how to make it anew.",
    )
    .addHelpText("after", HELP);
  projection
    .command("status", { isDefault: true })
    .description("Say how far the view is behind each partition.")
    .addOption(databaseOption())
    .action(async (_: unknown, command: Command) =>
      status(host.terminal, command.optsWithGlobals()),
    );
  projection
    .command("rebuild")
    .description("Build the view anew beside the one that is read, and switch over.")
    .addOption(databaseOption())
    .option("--anew", "throw away what an earlier rebuild left, instead of going on with it")
    .action(async (_: unknown, command: Command) =>
      build(host.terminal, command.optsWithGlobals()),
    );
}

const HELP = `
The view is made of the log and of nothing else: it may be deleted at any time, and servers make it
again. A rebuild reads the whole log; until it has caught up, searches go on in the view that is there.
It may be broken off and goes on where it was. Servers may run meanwhile.

Examples:
  $ millrace projection status
  $ millrace projection rebuild --database postgres://millrace@db/millrace`;

interface ProjectionFlags extends GlobalOptions {
  readonly database?: string;
  readonly anew?: boolean;
}

async function status(terminal: Terminal, options: ProjectionFlags): Promise<void> {
  await using millrace = await openExisting(options);
  const { feed } = millrace.broker;
  const database = options.database ?? defaultDatabase(millrace.namespace);
  if (isMissingFile(database)) {
    throw new CliError(
      "NO_PROJECTION",
      `There is no file ${database}. A server makes it; or name the database with --database.`,
    );
  }
  const { store, VERSION } = await openStore(database);
  try {
    const view = await store.open("live", VERSION);
    const checkpoints = await view.checkpoints();
    const partitions = await Promise.all(
      Array.from({ length: feed.partitions }, async (_, partition) => {
        const sequence = checkpoints.find((one) => one.partition === partition)?.sequence ?? 0;
        const { events, exact, since } = await measureLag(feed, partition, sequence);
        const lagMs = since === undefined ? 0 : Math.max(0, systemClock.now() - since);
        return { partition, sequence, lagEvents: events, exact, lagSeconds: lagMs / 1_000 };
      }),
    );
    if (terminal.json) return terminal.document({ database, version: VERSION, partitions });
    for (const one of partitions) {
      const count = `${one.exact ? "" : "at least "}${one.lagEvents}`;
      const behind =
        one.lagEvents === 0
          ? "up to date"
          : `${count} events and ${humanDuration(Math.round(one.lagSeconds * 1_000))} behind`;
      terminal.print(`partition ${one.partition}  at ${one.sequence}  ${behind}`);
    }
  } finally {
    await store.close();
  }
}

/** Loaded when it is needed: no other command waits for what speaks to databases. */
async function openStore(database: string) {
  const { openRunStore } = await import("../../projections/sql/open-run-store.ts");
  const { rebuild, VERSION } = await import("../../projections/rebuild.ts");
  const store: RunStore = await openRunStore(database);
  return { store, rebuild, VERSION };
}

async function build(terminal: Terminal, options: ProjectionFlags): Promise<void> {
  const over = new AbortController();
  void stopSignal().then(() => over.abort());
  await using millrace = await openExisting(options);
  const database = options.database ?? defaultDatabase(millrace.namespace);
  const { store, rebuild } = await openStore(database);
  try {
    const begun = performance.now();
    const log = pino(
      { level: "warn" },
      humanLog(terminal.noteColors, (text) => note(text)),
    );
    const told = { at: begun };
    const { feed } = millrace.broker;
    const end = await rebuild(
      {
        feed,
        store,
        clock: systemClock,
        log,
        anew: options.anew ?? false,
        onProgress: (partitions, targets) => {
          if (performance.now() - told.at < TELL_MS) return;
          told.at = performance.now();
          terminal.note(progressText(partitions, targets));
        },
      },
      over.signal,
    );
    const tookMs = Math.round(performance.now() - begun);
    if (terminal.json) return terminal.document({ end, tookMs });
    if (end === "stopped") terminal.note("Broken off. The next rebuild goes on from here.");
    else terminal.print(`The view was rebuilt and is read now (${humanDuration(tookMs)}).`);
  } finally {
    await store.close();
  }
}

function progressText(partitions: readonly ProjectorStatus[], targets: readonly number[]): string {
  const parts = partitions.map(({ partition, sequence, eventsPerSecond, lastError }) => {
    const trouble = lastError === "" ? "" : `, ${lastError}`;
    return `partition ${partition}: ${sequence} of ${targets[partition] ?? 0}, ${eventsPerSecond}/s${trouble}`;
  });
  return parts.join("; ");
}

function isMissingFile(database: string): boolean {
  return !/^(?:postgres(?:ql)?|file):/.test(database) && !existsSync(database);
}

function note(text: string): void {
  process.stderr.write(text);
}

const TELL_MS = 1_000;
