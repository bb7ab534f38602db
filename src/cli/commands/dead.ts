import type { Command } from "commander";
import type { DeadLetterDetails, DeadLetterView, Millrace } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanBytes, humanTime } from "../human-time.ts";
import { jsonText } from "../json-of.ts";
import { openExisting } from "../open-connection.ts";
import { collectPair, countValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace dead list|show|replay|drop` */
export function addDead(program: Command, host: Host): void {
  const dead = program
    .command("dead")
    .description("Messages that no worker could use and that were set aside.")
    .addHelpText("after", HELP);
  dead
    .command("list", { isDefault: true })
    .description("List them, the newest first.")
    .option("--limit <n>", "so many of them", countValue, 100)
    .option("--after <cursor>", "go on after an earlier page")
    .option("--all", "with those that were replayed or dropped")
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await using millrace = await openExisting(options);
      await list(millrace, options, host.terminal);
    });
  withId(dead.command("show"), "Show one with the message that it is about.").action(
    async (id: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      show(await millrace.deadLetters.show(id), host.terminal);
    },
  );
  withId(dead.command("replay"), "Give its message to the run after all.")
    .option(
      "--body <json>",
      "published again with this body: JSON, @<file>, or - for standard input",
    )
    .option("--header <name=value>", "and this header; without a value it is left out", collectPair)
    .action(async (id: string, _: unknown, command: Command) => {
      const { body, header, ...options } = command.optsWithGlobals<ReplayOptions>();
      const changes = {
        ...(body === undefined ? {} : { body: await readInput(body) }),
        ...(header === undefined ? {} : { headers: header }),
      };
      await using millrace = await openExisting(options);
      told(await millrace.deadLetters.replay(id, changes), host.terminal);
    });
  withId(dead.command("drop"), "Mark it as seen to.").action(
    async (id: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      told(await millrace.deadLetters.drop(id), host.terminal);
    },
  );
}

const HELP = `
A line is: id, when it was set aside, the message's subject, why. Nothing waits for the message.

ingress/<sequence> was published for a flow (docs/ingress.md), and its body, a header or the flow's name
is wrong, or nobody has ever served that flow. A replay publishes it again, changed if you say so: it
becomes the run that its publisher was promised.

<partition>/<sequence> stands in the log, and stays there. Somebody else writes on Millrace's subjects, a
signal was sent to a run that was never submitted, or a worker is older than what submitted to it. A
replay puts an input into the inbox of its run, if there is such a run by now, or hands a submission to
a worker that this version understands.

What is replayed or dropped is listed no more without --all.

Examples:
  $ millrace dead --limit 10
  $ millrace dead show ingress/1742
  $ millrace dead replay ingress/1742
  $ millrace dead replay ingress/1742 --body '{"id":42}' --header Millrace-Queue=
  $ millrace dead drop 0/1742`;

interface ReplayOptions extends GlobalOptions {
  readonly body?: string;
  readonly header?: Readonly<Record<string, string>>;
}

interface ListOptions extends GlobalOptions {
  readonly limit: number;
  readonly after?: string;
  readonly all?: boolean;
}

function withId(command: Command, description: string): Command {
  return command.description(description).argument("<id>", "as the list shows it");
}

async function list(
  { deadLetters }: Millrace,
  { limit, after, all = false }: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const shown: DeadLetterView[] = [];
  let next = after;
  do {
    const page = { limit: Math.min(1_000, limit - shown.length), resolved: all };
    const found = await deadLetters.list({
      ...page,
      ...(next === undefined ? {} : { after: next }),
    });
    shown.push(...found.letters);
    next = found.next;
  } while (next !== undefined && shown.length < limit);
  if (terminal.json) return terminal.document(shown);
  if (shown.length === 0) terminal.note("No message was set aside.");
  for (const letter of shown) terminal.print(line(letter, terminal));
  if (next !== undefined) terminal.note(`There may be more: millrace dead list --after ${next}`);
}

function line({ id, at, subject, reason, state }: DeadLetterView, { colors }: Terminal): string {
  const when = at === undefined ? "" : humanTime(at);
  const mark = state === "open" ? "" : ` (${state})`;
  return `${id.padStart(10)} ${colors.dim(when)} ${printable(subject)}: ${printable(reason)}${mark}`;
}

function show(letter: DeadLetterDetails, terminal: Terminal): void {
  if (terminal.json) return terminal.document(letter);
  terminal.print(line(letter, terminal));
  const { message } = letter;
  if (message === undefined) return terminal.print("Its message is gone, or was not kept.");
  const run = message.runId === undefined ? "no run" : `run ${printable(message.runId)}`;
  const kind = KINDS.get(message.kind) ?? "message";
  terminal.print(`${kind} for ${run}, ${humanBytes(message.bytes)}`);
  if (message.content !== undefined) terminal.print(jsonText(message.content, 2));
  else if (message.trouble !== undefined) {
    terminal.print(`Not understood: ${printable(message.trouble)}`);
  }
  terminal.print(message.hex.replaceAll(/(.{64})/g, "$1\n").trimEnd());
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["new", "Submission"],
  ["in", "Input"],
  ["h", "Frame"],
  ["submit", "Published submission"],
  ["signal", "Published signal"],
  ["cancel", "Published cancellation"],
]);

function told(letter: DeadLetterView, terminal: Terminal): void {
  if (terminal.json) terminal.document(letter);
  else terminal.print(`${letter.id} is ${letter.state}.`);
}
