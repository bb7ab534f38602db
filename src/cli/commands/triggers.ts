import type { Command } from "commander";
import type { Duration } from "../../engine/duration.ts";
import {
  type PastOptions,
  type Triggers,
  type TriggerTest,
  type TriggerView,
  triggerSpecOf,
} from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { countValue, timeOrDurationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";
import { triggerLine, triggerLines, triggerTestLines } from "../render-trigger.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace triggers list|show|apply|remove|pause|resume|test` */
export function addTriggers(program: Command, host: Host): void {
  const { terminal } = host;
  const triggers = program
    .command("triggers")
    .description("What is done when something happens.")
    .addHelpText("after", HELP);
  triggers
    .command("list", { isDefault: true })
    .description("List them with what they did.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      list(await millrace.triggers.list(), terminal);
    });
  act(withName(triggers.command("show"), "Show one in full."), async (all, name) => {
    const view = await all.get(name);
    if (terminal.json) return terminal.document(view);
    for (const line of triggerLines(view, terminal)) terminal.print(line);
  });
  addApply(triggers, host);
  act(
    withName(triggers.command("remove"), "Remove it. What it started goes on."),
    async (all, name) => {
      await all.remove(name);
      if (terminal.json) terminal.document({ name, removed: true });
      else terminal.print(`${printable(name)} is removed.`);
    },
  );
  withName(triggers.command("pause"), "Let events wait until it is resumed.")
    .option("--reason <text>", "why, for whoever looks at it")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly reason?: string } & GlobalOptions>();
      await using millrace = await openExisting(options);
      list([await millrace.triggers.pause(name, options.reason)], terminal);
    });
  act(
    withName(triggers.command("resume"), "Let it go on with what came meanwhile."),
    async (all, name) => list([await all.resume(name)], terminal),
  );
  addTest(triggers, host);
}

const HELP = `
Workers act on triggers, whichever flows they serve. No server is needed. What is declared in code with
trigger() is put again when such a worker starts, and stays paused if it was.

A file for apply holds one trigger or a list of them, in the words of trigger():
  { "name": "tell-ops", "on": "run.crashed", "when": { "tags": ["origin:backend"] },
    "action": { "webhook": "ops" } }

Examples:
  $ millrace triggers apply tell-ops.json
  $ millrace triggers test tell-ops --past 2h
  $ millrace triggers test tell-ops.json --event '{ "data": { "tags": ["origin:backend"] } }'
  $ millrace triggers pause tell-ops --reason "ops are on holiday"`;

function addApply(triggers: Command, { terminal }: Host): void {
  triggers
    .command("apply")
    .description("Make the triggers of a JSON file, or change them to what it says.")
    .argument("<file>", "the file, or - for stdin")
    .action(async (file: string, _: unknown, command: Command) => {
      const content = await readInput(file === "-" ? file : `@${file}`);
      // All are checked before any is put.
      const specs = (Array.isArray(content) ? content : [content]).map(triggerSpecOf);
      await using millrace = await openExisting(command.optsWithGlobals());
      const put: TriggerView[] = [];
      for (const spec of specs) put.push(await millrace.triggers.put(spec));
      list(put, terminal);
    });
}

function addTest(triggers: Command, { terminal }: Host): void {
  triggers
    .command("test")
    .description("Show what it would do, without doing it.")
    .argument("<trigger>", "name of a trigger, or a JSON file with one that nobody has put yet")
    .option("--event <json>", "with this event; @<file> for a file, - for stdin")
    .option("--past [since]", "with those since a time, or so long ago", timeOrDurationValue)
    .option("-n, --limit <n>", "with --past: most events that are shown", countValue)
    .action(async (trigger: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<TestFlags>();
      const { event, past, limit } = options;
      if ((event === undefined) === (past === undefined)) {
        throw new CliError("USAGE", "Give either --event or --past.");
      }
      const spec = await named(trigger);
      const given = event === undefined ? undefined : await readInput(event);
      await using millrace = await openExisting(options);
      const test = await millrace.triggers.test(
        spec,
        event === undefined ? { past: pastOf(past, limit) } : { event: given },
      );
      show(test, terminal);
    });
}

interface TestFlags extends GlobalOptions {
  readonly event?: string;
  readonly past?: Date | Duration | true;
  readonly limit?: number;
}

/** A name cannot have a dot. */
async function named(trigger: string): Promise<string | ReturnType<typeof triggerSpecOf>> {
  if (!/[./]/.test(trigger)) return trigger;
  return triggerSpecOf(await readInput(`@${trigger}`));
}

function pastOf(past: TestFlags["past"], limit: number | undefined): PastOptions {
  return {
    ...(past === undefined || past === true ? {} : { since: past }),
    ...(limit === undefined ? {} : { limit }),
  };
}

function show(test: TriggerTest, terminal: Terminal): void {
  if (terminal.json) return terminal.document(test);
  for (const line of triggerTestLines(test, terminal)) terminal.print(line);
}

function list(views: readonly TriggerView[], terminal: Terminal): void {
  if (terminal.json) return terminal.document(views);
  if (views.length === 0) terminal.note("There is no trigger.");
  for (const view of views) terminal.print(triggerLine(view, terminal));
}

function withName(command: Command, description: string): Command {
  return command.description(description).argument("<name>", "name of the trigger");
}

function act(command: Command, action: (triggers: Triggers, name: string) => Promise<void>): void {
  command.action(async (name: string, _: unknown, same: Command) => {
    await using millrace = await openExisting(same.optsWithGlobals());
    await action(millrace.triggers, name);
  });
}
