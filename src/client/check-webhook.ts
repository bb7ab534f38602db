import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { isPrintable } from "../engine/names.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { DisablePolicy } from "../engine/webhook-spec.ts";

/**
 * The URL as it is stored. Whether its address may be reached is up to the workers that deliver.
 * @throws {@link InvalidOptionError}
 */
export function checkWebhookUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new InvalidOptionError("url", text, "give a URL that begins with https:// or http://");
  }
  if (url.username !== "" || url.password !== "") {
    const rule = "a user or password must not stand in it. Give an authorization header";
    throw new InvalidOptionError("url", `${url.protocol}//…@${url.host}`, rule);
  }
  if (url.href.length > MAX_URL) {
    throw new InvalidOptionError("url", text, `it may have ${MAX_URL} characters`);
  }
  url.hash = "";
  return url.href;
}

/**
 * The headers of every delivery, with names in lower case.
 * @throws {@link InvalidOptionError}, without their values.
 */
export function checkWebhookHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  if (entries.length > MOST_HEADERS) {
    throw new InvalidOptionError("headers", entries.length, `give at most ${MOST_HEADERS}`);
  }
  const checked = entries.map(([given, value]) => {
    const name = given.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) {
      throw new InvalidOptionError("headers", given, "that is no name of a header");
    }
    if (OURS.test(name)) {
      throw new InvalidOptionError("headers", given, "this one is set by Millrace itself");
    }
    const isText = typeof value === "string" && value.length <= MAX_VALUE;
    if (!isText || !isPrintable(value) || !/^[\x20-\xff]*$/.test(value)) {
      const rule = `give up to ${MAX_VALUE} characters of Latin-1`;
      throw new InvalidOptionError(`headers.${given}`, "[redacted]", rule);
    }
    return [name, value] as const;
  });
  return Object.fromEntries(checked);
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function checkWebhookTimeout(timeout: Duration): number {
  const ms = toMilliseconds(timeout);
  if (ms >= 100 && ms <= 60_000) return ms;
  throw new InvalidOptionError("timeout", timeout, "give 100 ms to 60 s");
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function checkRetryDelays(delays: readonly Duration[]): readonly number[] {
  const ms = delays.map(toMilliseconds);
  if (ms.length <= MOST_RETRIES && ms.every((one) => one <= LONGEST_DELAY_MS)) return ms;
  const rule = `give at most ${MOST_RETRIES}, each of at most 7 days`;
  throw new InvalidOptionError("retryDelays", delays.join(" "), rule);
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function checkDisableAfter(
  policy: DisableOptions | "never",
  before: DisablePolicy,
): DisablePolicy | undefined {
  if (policy === "never") return undefined;
  const { after, attempts = before.attempts } = policy;
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new InvalidOptionError(
      "disableAfter.attempts",
      attempts,
      "give a whole number from 1, or never",
    );
  }
  return { afterMs: after === undefined ? before.afterMs : toMilliseconds(after), attempts };
}

/** When an endpoint is given up: nothing delivered for so long, and at least so many failed attempts meanwhile. */
export interface DisableOptions {
  /** Default 5 d. */
  readonly after?: Duration;
  /** Default 20. */
  readonly attempts?: number;
}

const MAX_URL = 2_048;
const MOST_HEADERS = 32;
const MAX_VALUE = 4_096;
const MOST_RETRIES = 20;
const LONGEST_DELAY_MS = 7 * 86_400_000;

const OURS =
  /^(?:host|connection|keep-alive|content-length|content-type|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|webhook-.*)$/;
