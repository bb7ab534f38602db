import { randomBytes } from "node:crypto";
import { isPrintable } from "../engine/names.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { MAX_WEBHOOK_SECRETS, type WebhookSecret } from "../engine/webhook-spec.ts";

/** A secret with an id by which it can be spoken of. `now`: milliseconds since 1970. */
export function newSecret(secret: string, now: number): WebhookSecret {
  return { id: `key_${randomBytes(6).toString("hex")}`, secret, createdAt: now };
}

/** `whsec_` and 32 random bytes, as Standard Webhooks writes them. */
export function randomSecret(): string {
  return `${PREFIX}${randomBytes(32).toString("base64")}`;
}

/**
 * A key of Standard Webhooks: 24 to 64 bytes in base64, after `whsec_` or without it.
 * @throws {@link InvalidOptionError}, without the secret.
 */
export function checkStandardSecret(secret: string): string {
  const base64 = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const bytes = Buffer.from(base64, "base64");
  const isBase64 = bytes.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "");
  if (isBase64 && bytes.length >= 24 && bytes.length <= 64) {
    return `${PREFIX}${bytes.toString("base64")}`;
  }
  throw new InvalidOptionError("secret", HIDDEN, "give whsec_ and 24 to 64 bytes in base64");
}

/**
 * A secret that is text, and that a header can carry: for `token`. @throws {@link InvalidOptionError}, without the secret.
 */
export function checkTokenSecret(secret: string): string {
  if (/^[\x21-\x7e]{8,512}$/.test(secret)) return secret;
  const rule = "give 8 to 512 characters of ASCII, without spaces";
  throw new InvalidOptionError("secret", HIDDEN, rule);
}

/**
 * A secret that is any text. @throws {@link InvalidOptionError}, without the secret.
 */
export function checkTextSecret(secret: string): string {
  if (secret.length >= 8 && secret.length <= 512 && isPrintable(secret)) return secret;
  const rule = "give 8 to 512 characters, no control characters among them";
  throw new InvalidOptionError("secret", HIDDEN, rule);
}

/** The new one first; the one before stays valid. One that is there already stays as it is. */
export function withSecret(
  before: readonly WebhookSecret[],
  added: WebhookSecret,
): readonly WebhookSecret[] {
  if (before.some(({ secret }) => secret === added.secret)) return before;
  return [added, ...before].slice(0, MAX_WEBHOOK_SECRETS);
}

const PREFIX = "whsec_";
const HIDDEN = "[redacted]";
