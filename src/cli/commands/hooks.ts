import { type Command, Option } from "commander";
import { HOOK_KINDS } from "../../engine/hook-spec.ts";
import type { HookKind, HookView } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanTime } from "../human-time.ts";
import { openExisting } from "../open-connection.ts";
import { printable } from "../printable.ts";
import { readSecret } from "../read-secret.ts";
import { printMadeSecret } from "../render-webhook.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace hooks list|show|put|rotate|remove` */
export function addHooks(program: Command, host: Host): void {
  const { terminal } = host;
  const hooks = program
    .command("hooks")
    .description("Where webhooks of others come in: POST /hooks/<name> on a server.")
    .addHelpText("after", HELP);
  hooks
    .command("list", { isDefault: true })
    .description("List them.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      const all = await millrace.hooks.list();
      if (terminal.json) return terminal.document(all);
      if (all.length === 0) terminal.note("There is none. Make one: millrace hooks put");
      for (const one of all) terminal.print(headline(one, terminal));
    });
  withName(hooks.command("show"), "Show one, without its secrets.").action(
    async (name: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      show(await millrace.hooks.get(name), terminal);
    },
  );
  addPut(hooks, host);
  withSecret(
    withName(hooks.command("rotate"), "Add a secret. The one before is taken too, until the next."),
  ).action(async (name: string, _: unknown, command: Command) => {
    const flags = command.optsWithGlobals<PutFlags>();
    const secret = flags.secret === undefined ? {} : { secret: await readSecret(flags.secret) };
    await using millrace = await openExisting(flags);
    const made = await millrace.hooks.rotate(name, secret);
    show(made, terminal);
    printMadeSecret(made, terminal);
  });
  withName(hooks.command("remove"), "Remove one: what is sent there is refused.").action(
    async (name: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      await millrace.hooks.remove(name);
      if (terminal.json) terminal.document({ name, removed: true });
      else terminal.print(`${printable(name)} is removed.`);
    },
  );
}

const HELP = `
What comes in is verified, known by its id for three days, and emitted as an event: a trigger acts on it.

Examples:
  $ millrace hooks put hub --kind github
  $ millrace hooks put pay --kind stripe --secret @signing-secret.txt
  $ millrace hooks put sensors --kind token --type sensor.read`;

function addPut(hooks: Command, { terminal }: Host): void {
  withSecret(withName(hooks.command("put"), "Make a hook, or change what is given of one."))
    .addOption(new Option("--kind <kind>", "who signs").choices([...HOOK_KINDS]))
    .option("--type <type>", "of its events; {event} is what the sender calls it")
    .option("--header <name>", "of a token (default: authorization, with Bearer)")
    .action(async (name: string, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<PutFlags>();
      const { kind, type, header, secret } = flags;
      const options = {
        ...(kind === undefined ? {} : { kind }),
        ...(type === undefined ? {} : { type }),
        ...(header === undefined ? {} : { header }),
        ...(secret === undefined ? {} : { secret: await readSecret(secret) }),
      };
      await using millrace = await openExisting(flags);
      const made = await millrace.hooks.put(name, options);
      show(made, terminal);
      printMadeSecret(made, terminal);
    });
}

interface PutFlags extends GlobalOptions {
  readonly kind?: HookKind;
  readonly type?: string;
  readonly header?: string;
  readonly secret?: string;
}

function withName(command: Command, description: string): Command {
  return command.description(description).argument("<name>", "name of the hook");
}

function withSecret(command: Command): Command {
  return command.option("--secret <text>", "text, @file or - for stdin; default: one is made");
}

function headline({ name, kind, type }: HookView, { colors }: Terminal): string {
  return `${colors.bold(printable(name))}  ${kind}  emits ${printable(type)}  POST /hooks/${printable(name)}`;
}

function show(hook: HookView, terminal: Terminal): void {
  if (terminal.json) return terminal.document(hook);
  terminal.print(headline(hook, terminal));
  if (hook.header !== undefined) terminal.print(`  token in header ${printable(hook.header)}`);
  for (const { id, createdAt } of hook.secrets) {
    terminal.print(`  secret ${printable(id)} since ${humanTime(createdAt)}`);
  }
}
