import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { ArchivedOne, ArchivePolicy, Millrace } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanBytes, humanDuration, humanTime } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { durationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { headline } from "../render-error.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace archive run|list|get|verify|restore|policy` */
export function addArchive(program: Command, host: Host): void {
  const archive = program
    .command("archive")
    .description(
      "Closed runs as files in the blob store: move them there, read them, put them back.",
    )
    .addHelpText("after", HELP);
  addRun(archive, host);
  addList(archive, host);
  addGet(archive, host);
  addVerify(archive, host);
  addRestore(archive, host);
  addPolicy(archive, host);
}

const HELP = `
A run in the archive is shown, and its result read, as before. To resume it, restore it first. A server
archives by policy; "run" does the same by a look through the log, without one.

Examples:
  $ millrace archive policy checkout --after 30d
  $ millrace archive run --flow checkout --older-than 30d
  $ millrace archive get checkout:order-42 -o order-42.mrun
  $ millrace archive verify --flow checkout
  $ millrace archive restore checkout:order-42 && millrace resume checkout:order-42`;

function addRun(archive: Command, host: Host): void {
  archive
    .command("run")
    .description("Archive the closed runs of a flow now.")
    .requiredOption("--flow <name>", "the flow")
    .requiredOption("--older-than <duration>", "that ended so long ago", durationValue)
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      await using millrace = await openExisting(options);
      await run(host, millrace, options);
    });
}

interface RunOptions extends GlobalOptions {
  readonly flow: string;
  readonly olderThan: Duration;
}

async function run({ terminal }: Host, millrace: Millrace, options: RunOptions): Promise<void> {
  const { flow, olderThan } = options;
  const counts: Record<ArchivedOne["status"], number> = {
    archived: 0,
    "was archived": 0,
    skipped: 0,
    failed: 0,
  };
  let failure: unknown;
  for await (const one of millrace.archive.addAll({ flow, olderThan })) {
    counts[one.status]++;
    if (one.status !== "failed") continue;
    failure = one.error;
    terminal.note(`${printable(one.id)}: ${headline(one.error)}`);
  }
  if (terminal.json) terminal.document({ flow, ...counts });
  else {
    const { archived, skipped, failed } = counts;
    terminal.print(
      `${archived} archived, ${counts["was archived"]} were there, ${skipped} skipped, ${failed} failed`,
    );
  }
  if (failure !== undefined) throw failure;
}

function addList(archive: Command, host: Host): void {
  archive
    .command("list")
    .description("List the archived runs of a flow.")
    .requiredOption("--flow <name>", "the flow")
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<{ readonly flow: string } & GlobalOptions>();
      await using millrace = await openExisting(options);
      let found = 0;
      for await (const view of millrace.archive.list({ flow: options.flow })) {
        found++;
        if (terminal.json) terminal.document(view);
        else {
          const size = humanBytes(view.file.size).padStart(9);
          terminal.print(
            `${view.status.padEnd(9)} ${humanTime(view.closedAt)} ${size}  ${printable(view.id)}`,
          );
        }
      }
      if (found === 0 && !terminal.json) terminal.note(`No run of ${options.flow} is archived.`);
    });
}

function addGet(archive: Command, host: Host): void {
  withId(archive.command("get"), "Write a run's file: gzip of JSON lines, checked first.")
    .option("-o, --output <file>", "where to; default: stdout")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly output?: string } & GlobalOptions>();
      await using millrace = await openExisting(options);
      const bytes = await millrace.archive.get(id);
      const { output } = options;
      if (output === undefined) return host.terminal.bytes(bytes);
      const file = createWriteStream(output);
      file.end(bytes);
      await finished(file);
      host.terminal.note(`${output}: ${humanBytes(bytes.length)}`);
    });
}

function addVerify(archive: Command, host: Host): void {
  archive
    .command("verify")
    .description("Read the files of archived runs, and check them against what was stored.")
    .argument("[id]", "run, as <flow>:<key>")
    .option("--flow <name>", "in place of an id: all archived runs of this flow")
    .action(async (id: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly flow?: string } & GlobalOptions>();
      const { flow } = options;
      if ((id === undefined) === (flow === undefined)) {
        throw new CliError("USAGE", "Which runs? Give a run's id, or --flow.");
      }
      await using millrace = await openExisting(options);
      if (id === undefined) await verifyAll(host, millrace, flow ?? "");
      else await verifyOne(host.terminal, millrace, id);
    });
}

async function verifyOne(terminal: Terminal, millrace: Millrace, id: string): Promise<void> {
  const verified = await millrace.archive.verify(id);
  if (terminal.json) return terminal.document({ ...verified, sound: true });
  const { file, messages } = verified;
  terminal.print(
    `${printable(id)}: sound, ${messages} messages, ${humanBytes(file.size)}, ${printable(file.key)} in ${printable(file.store)}`,
  );
}

async function verifyAll(host: Host, millrace: Millrace, flow: string): Promise<void> {
  const { terminal } = host;
  const counts = { sound: 0, damaged: 0 };
  for await (const { id } of millrace.archive.list({ flow })) {
    try {
      await millrace.archive.verify(id);
      counts.sound++;
    } catch (error) {
      counts.damaged++;
      terminal.note(`${printable(id)}: ${headline(error)}`);
    }
  }
  if (terminal.json) terminal.document({ flow, ...counts });
  else terminal.print(`${counts.sound} sound, ${counts.damaged} not`);
  if (counts.damaged > 0) host.exitCode = EXIT.refused;
}

function addRestore(archive: Command, host: Host): void {
  withId(
    archive.command("restore"),
    "Put a run back into the log, so that it can be resumed.",
  ).action(async (id: string, _: unknown, command: Command) => {
    const { terminal } = host;
    await using millrace = await openExisting(command.optsWithGlobals());
    await millrace.archive.restore(id);
    if (terminal.json) terminal.document({ id, restored: true });
    else terminal.print(`${printable(id)} is back in the log.`);
  });
}

function addPolicy(archive: Command, host: Host): void {
  archive
    .command("policy")
    .description("Show how long closed runs stay in the log, or settle it with --after.")
    .argument("[flow]", "the flow; default: all flows without a policy of their own")
    .option("--after <duration>", "time after a run's end, such as 30d, or never", afterValue)
    .action(async (flow: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<PolicyOptions>();
      const { after } = options;
      await using millrace = await openExisting(options);
      if (after !== undefined) {
        await millrace.archive.setPolicy({ ...(flow === undefined ? {} : { flow }), after });
      }
      const policies = await millrace.archive.policies();
      const { terminal } = host;
      if (terminal.json) return terminal.document(policies);
      for (const [name, policy] of Object.entries(policies.flows)) {
        if (flow === undefined || flow === name) terminal.print(policyLine(name, policy));
      }
      terminal.print(policyLine("all others", policies.default));
    });
}

interface PolicyOptions extends GlobalOptions {
  readonly after?: Duration | "never";
}

function policyLine(name: string, { afterMs }: ArchivePolicy): string {
  const when = afterMs === undefined ? "never" : `after ${humanDuration(afterMs)}`;
  return `${printable(name)}  ${when}`;
}

function afterValue(text: string): Duration | "never" {
  if (text === "never") return text;
  try {
    return durationValue(text);
  } catch {
    throw new InvalidArgumentError("Give a duration such as 30d, or never.");
  }
}

function withId(command: Command, description: string): Command {
  return command.description(description).argument("<id>", "run, as <flow>:<key>");
}
