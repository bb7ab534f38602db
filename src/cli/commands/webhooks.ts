import type { Command } from "commander";
import type { Duration } from "../../engine/duration.ts";
import type { WebhookOptions, Webhooks } from "../../index.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { openExisting } from "../open-connection.ts";
import { collectPair, countValue, durationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { readSecret } from "../read-secret.ts";
import { printDelivery, printMadeSecret, printWebhook, webhookLine } from "../render-webhook.ts";

/** `millrace webhooks list|show|put|remove|rotate|enable|disable|deliveries|replay|test` */
export function addWebhooks(program: Command, host: Host): void {
  const webhooks = program
    .command("webhooks")
    .description("Endpoints that webhooks are sent to, and what was delivered.")
    .addHelpText("after", HELP);
  const { terminal } = host;
  webhooks
    .command("list", { isDefault: true })
    .description("List the endpoints.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      const all = await millrace.webhooks.list();
      if (terminal.json) return terminal.document(all);
      if (all.length === 0) terminal.note("There is none. Make one: millrace webhooks put");
      for (const one of all) terminal.print(webhookLine(one, terminal));
    });
  act(
    withName(webhooks.command("show"), "Show one in full, without its secrets."),
    async (all, name) => printWebhook(await all.get(name), terminal),
  );
  addPut(webhooks, host);
  act(withName(webhooks.command("remove"), "Remove one."), async (all, name) => {
    await all.remove(name);
    if (terminal.json) terminal.document({ name, removed: true });
    else terminal.print(`${printable(name)} is removed.`);
  });
  addRotate(webhooks, host);
  act(withName(webhooks.command("enable"), "Deliver again."), async (all, name) =>
    printWebhook(await all.enable(name), terminal),
  );
  withName(webhooks.command("disable"), "Deliver nothing until it is enabled.")
    .option("--reason <text>", "why, for whoever looks at it")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly reason?: string } & GlobalOptions>();
      await using millrace = await openExisting(options);
      printWebhook(await millrace.webhooks.disable(name, options.reason), terminal);
    });
  addDeliveries(webhooks, host);
}

const HELP = `
Workers deliver; no server is needed but for "deliveries". They deliver to what everybody on the internet can
reach, and beyond that only where "millrace serve --allow-webhook" says so.

Examples:
  $ millrace webhooks put shop https://shop.example/hooks/millrace
  $ millrace webhooks test shop
  $ millrace webhooks deliveries shop
  $ millrace webhooks rotate shop
  $ millrace webhooks replay millrace-webhook:01jz3k`;

function addPut(webhooks: Command, { terminal }: Host): void {
  withName(webhooks.command("put"), "Make an endpoint, or change what is given of one.")
    .argument("[url]", "where to post to")
    .option("--secret <text>", "whsec_…, @file or - for stdin; default: one is made", String)
    .option("-H, --header <name=value>", "sent along; repeatable, replaces all", collectPair)
    .option("--timeout <duration>", "of one attempt (default: 15s)", durationValue)
    .option("--retry <duration>", "delay after a failed attempt; repeatable", collectDuration)
    .option("--disable-after <duration>", "without a success (default: 5d)", durationValue)
    .option("--disable-attempts <n>", "and after so many failures (default: 20)", countValue)
    .option("--never-disable", "however long it fails")
    .action(async (name: string, url: string | undefined, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<PutFlags>();
      const options = await optionsOf(url, flags);
      await using millrace = await openExisting(flags);
      const made = await millrace.webhooks.put(name, options);
      printWebhook(made, terminal);
      printMadeSecret(made, terminal);
    });
}

interface PutFlags extends GlobalOptions {
  readonly secret?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly timeout?: Duration;
  readonly retry?: readonly Duration[];
  readonly disableAfter?: Duration;
  readonly disableAttempts?: number;
  readonly neverDisable?: boolean;
}

async function optionsOf(url: string | undefined, flags: PutFlags): Promise<WebhookOptions> {
  const { secret, header, timeout, retry, disableAfter, disableAttempts, neverDisable } = flags;
  const isSettled = disableAfter !== undefined || disableAttempts !== undefined;
  const policy = {
    ...(disableAfter === undefined ? {} : { after: disableAfter }),
    ...(disableAttempts === undefined ? {} : { attempts: disableAttempts }),
  };
  return {
    ...(url === undefined ? {} : { url }),
    ...(secret === undefined ? {} : { secret: await readSecret(secret) }),
    ...(header === undefined ? {} : { headers: header }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retry === undefined ? {} : { retryDelays: retry }),
    ...(isSettled ? { disableAfter: policy } : {}),
    ...(neverDisable === true ? { disableAfter: "never" } : {}),
  };
}

function addRotate(webhooks: Command, { terminal }: Host): void {
  withName(webhooks.command("rotate"), "Add a secret. The one before signs too, until the next.")
    .option("--secret <text>", "whsec_…, @file or - for stdin; default: one is made", String)
    .action(async (name: string, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<{ readonly secret?: string } & GlobalOptions>();
      const secret = flags.secret === undefined ? {} : { secret: await readSecret(flags.secret) };
      await using millrace = await openExisting(flags);
      const made = await millrace.webhooks.rotate(name, secret);
      printWebhook(made, terminal);
      printMadeSecret(made, terminal);
    });
}

function addDeliveries(webhooks: Command, { terminal }: Host): void {
  withName(webhooks.command("deliveries"), "What was sent to it, the newest first. Asks a server.")
    .option("-n, --limit <n>", "so many of them, up to 100", countValue, 20)
    .option("-v, --verbose", "with requests and answers")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DeliveriesFlags>();
      await using millrace = await openExisting(options);
      const found = await millrace.webhooks.deliveries(name, { limit: options.limit });
      if (terminal.json) return terminal.document(found);
      if (found.length === 0) terminal.note(`Nothing was sent to ${printable(name)}.`);
      for (const one of found) printDelivery(one, terminal, options.verbose === true);
    });
  webhooks
    .command("replay")
    .description("Send what a run sent once more, with the same webhook-id.")
    .argument("<run>", "the run's id, as `deliveries` shows it")
    .action(async (id: string, _: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      const run = await millrace.webhooks.replay(id);
      if (terminal.json) terminal.document({ id: run.id });
      else terminal.print(printable(run.id));
    });
  withName(webhooks.command("test"), "Send something small, and wait for what comes of it.")
    .option("--timeout <duration>", "how long to wait", durationValue, "30s")
    .action(async (name: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ readonly timeout: Duration } & GlobalOptions>();
      await using millrace = await openExisting(options);
      const run = await millrace.webhooks.test(name);
      const receipt = await run.result({ timeout: options.timeout });
      if (terminal.json) return terminal.document({ run: run.id, ...receipt });
      terminal.print(`${printable(run.id)}: answered ${receipt.status}`);
    });
}

interface DeliveriesFlags extends GlobalOptions {
  readonly limit: number;
  readonly verbose?: boolean;
}

function withName(command: Command, description: string): Command {
  return command.description(description).argument("<name>", "name of the endpoint");
}

function act(command: Command, action: (all: Webhooks, name: string) => Promise<void>): void {
  command.action(async (name: string, _: unknown, same: Command) => {
    await using millrace = await openExisting(same.optsWithGlobals());
    await action(millrace.webhooks, name);
  });
}

function collectDuration(text: string, before: readonly Duration[] = []): readonly Duration[] {
  return [...before, durationValue(text)];
}
