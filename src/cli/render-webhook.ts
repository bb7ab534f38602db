import type { WebhookAttempt, WebhookDelivery, WebhookView } from "../index.ts";
import { humanDuration, humanTime } from "./human-time.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** An endpoint on a line. */
export function webhookLine(webhook: WebhookView, { colors }: Terminal): string {
  const { name, url, disabled, failing } = webhook;
  const facts = [
    ...(disabled === undefined ? [] : [colors.red(`disabled: ${printable(disabled.reason)}`)]),
    ...(disabled !== undefined || failing === undefined
      ? []
      : [colors.yellow(`${failing.attempts} failed since ${humanTime(failing.since)}`)]),
  ];
  return [colors.bold(printable(name)), printable(url), ...facts].join("  ");
}

/** An endpoint in full. */
export function printWebhook(webhook: WebhookView, terminal: Terminal): void {
  if (terminal.json) return terminal.document(webhook);
  const { secrets, headers, timeoutMs, retryDelaysMs, disableAfter } = webhook;
  terminal.print(webhookLine(webhook, terminal));
  for (const { id, createdAt } of secrets) {
    terminal.print(`  secret ${printable(id)} since ${humanTime(createdAt)}`);
  }
  if (headers.length > 0) terminal.print(`  headers ${headers.map(printable).join(", ")}`);
  const retries = retryDelaysMs.map(humanDuration).join(", ");
  terminal.print(
    `  ${humanDuration(timeoutMs)} for an attempt, ${retries === "" ? "none again" : `again after ${retries}`}`,
  );
  const never = "  never disabled by failures";
  terminal.print(
    disableAfter === undefined
      ? never
      : `  disabled after ${humanDuration(disableAfter.afterMs)} without success and ${disableAfter.attempts} failures`,
  );
}

/** A secret that was just made: with `--json` it stands in the document. */
export function printMadeSecret(
  { secret }: { readonly secret?: string },
  terminal: Terminal,
): void {
  if (secret === undefined || terminal.json) return;
  terminal.print(secret);
  terminal.note("Keep the secret now: it is not shown again.");
}

/** A delivery with its attempts. */
export function printDelivery(
  delivery: WebhookDelivery,
  terminal: Terminal,
  isVerbose: boolean,
): void {
  const { run, status, submittedAt, attempts, nextAttemptAt } = delivery;
  const next = nextAttemptAt === undefined ? "" : `, again at ${humanTime(nextAttemptAt)}`;
  terminal.print(
    `${terminal.colors.bold(printable(run))}  ${status}  ${humanTime(submittedAt)}${next}`,
  );
  for (const attempt of attempts) printAttempt(attempt, terminal, isVerbose);
}

function printAttempt(attempt: WebhookAttempt, terminal: Terminal, isVerbose: boolean): void {
  const { at, durationMs, outcome, request, response, error } = attempt;
  const answer = response === undefined ? "" : ` ${response.status}`;
  const why = error === undefined ? "" : `  ${printable(error)}`;
  terminal.print(`  ${humanTime(new Date(at))}  ${outcome}${answer} in ${durationMs} ms${why}`);
  if (!isVerbose) return;
  const { dim } = terminal.colors;
  if (request !== undefined) {
    terminal.print(dim(`    > POST ${printable(request.url)} (${request.address})`));
    printPart(">", request, terminal);
  }
  if (response !== undefined) printPart("<", response, terminal);
}

function printPart(
  mark: string,
  { headers, body }: NonNullable<WebhookAttempt["response"] | WebhookAttempt["request"]>,
  { colors, print }: { colors: Terminal["colors"]; print: (line: string) => void },
): void {
  for (const [name, value] of Object.entries(headers)) {
    print(colors.dim(`    ${mark} ${printable(name)}: ${printable(value)}`));
  }
  for (const line of body.text.split("\n")) print(colors.dim(`    ${mark} ${printable(line)}`));
}
