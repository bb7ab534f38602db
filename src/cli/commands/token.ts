import type { Command } from "commander";
import { type AccessToken, checkScopes } from "../../engine/access-token.ts";
import { type Duration, toMilliseconds } from "../../engine/duration.ts";
import { systemClock } from "../../ports/clock.ts";
import { AccessTokens, isValid, KNOWN_MS } from "../../server/tokens/access-tokens.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanTime } from "../human-time.ts";
import { openConnection, openExisting } from "../open-connection.ts";
import { collect, timeOrDurationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace token create|list|revoke` */
export function addToken(program: Command, host: Host): void {
  const { terminal } = host;
  const token = program
    .command("token")
    .description("Tokens for the HTTP API of `millrace server`.")
    .addHelpText("after", HELP);
  token
    .command("create")
    .description("Make a token and print it. It is shown this once.")
    .requiredOption("--scope <scope>", "read, submit, control or admin; repeatable", collect)
    .option("--name <text>", "what it is for", "unnamed")
    .option("--expires <when>", "a duration or ISO time (default: never)", timeOrDurationValue)
    .action(async (_: unknown, command: Command) => {
      const { scope, name, expires } = command.optsWithGlobals<CreateOptions>();
      const scopes = checkScopes(scope.flatMap((some) => some.split(",")));
      await using millrace = await openConnection(command.optsWithGlobals());
      const { token: made, text } = await new AccessTokens(
        millrace.broker.control,
        systemClock,
      ).create({ name, scopes, ...(expires === undefined ? {} : { expiresAt: timeOf(expires) }) });
      if (terminal.json) return terminal.document({ ...shown(made), token: text });
      terminal.print(text);
      terminal.note(`${headline(made, terminal)}\nKeep it now: it is stored as a hash only.`);
    });
  token
    .command("list")
    .description("List the tokens, the newest first.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      const all = await new AccessTokens(millrace.broker.control, systemClock).list();
      if (terminal.json) return terminal.document(all.map(shown));
      if (all.length === 0)
        terminal.note("There is no token. Make one with: millrace token create");
      for (const one of all) terminal.print(headline(one, terminal));
    });
  token
    .command("revoke")
    .description("Make a token worthless.")
    .argument("<id>", "its id, as `millrace token list` shows it, or the token itself")
    .action(async (text: string, _: unknown, command: Command) => {
      const id = /^mr_([^_]*)_/.exec(text)?.[1] ?? text;
      await using millrace = await openExisting(command.optsWithGlobals());
      const revoked = await new AccessTokens(millrace.broker.control, systemClock).revoke(id);
      if (terminal.json) return terminal.document(shown(revoked));
      terminal.print(headline(revoked, terminal));
      terminal.note(`Every server refuses it within ${KNOWN_MS / 1_000} seconds.`);
    });
}

const HELP = `
Scopes: read looks at everything, submit brings in runs and signals, control stops and resumes runs and
changes queues, admin does all of that and makes tokens. Send it as "authorization: Bearer <token>".

Examples:
  $ millrace token create --scope submit --name web-shop
  $ millrace token create --scope read --scope control --name on-call --expires 90d
  $ millrace token revoke 5f2c90d11ab3`;

interface CreateOptions extends Omit<GlobalOptions, "token"> {
  readonly scope: readonly string[];
  readonly name: string;
  readonly expires?: Date | Duration;
}

function timeOf(expires: Date | Duration): Date {
  const time = expires instanceof Date ? expires : new Date(Date.now() + toMilliseconds(expires));
  if (time.getTime() > Date.now()) return time;
  throw new CliError("USAGE", "--expires is in the past: the token would be of no use.");
}

/** Without the hash. */
function shown(token: AccessToken) {
  const { id, name, scopes, createdAt, expiresAt, revokedAt } = token;
  return {
    id,
    name,
    scopes,
    createdAt: dateOf(createdAt),
    expiresAt: dateOf(expiresAt),
    revokedAt: dateOf(revokedAt),
  };
}

function dateOf(at: number): Date | undefined {
  return at === 0 ? undefined : new Date(at);
}

function headline(token: AccessToken, { colors }: Terminal): string {
  const { id, name, scopes, expiresAt, revokedAt } = token;
  const until = expiresAt === 0 ? "" : ` until ${humanTime(new Date(expiresAt))}`;
  const facts = `${scopes.join(", ")}${until}`;
  if (isValid(token, Date.now())) return `${colors.bold(id)}  ${printable(name)}  ${facts}`;
  const end = revokedAt === 0 ? "expired" : `revoked ${humanTime(new Date(revokedAt))}`;
  return colors.dim(`${id}  ${printable(name)}  ${facts}, ${end}`);
}
