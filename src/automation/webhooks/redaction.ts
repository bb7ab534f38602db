import type { CutText } from "../../engine/webhook-attempt.ts";

/**
 * Takes out of what is kept of a delivery whatever would let its reader sign or sign in: named headers, and each of these texts
 * wherever it stands, also in what a receiver sends back.
 */
export class Redaction {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
      .filter((secret) => secret.length >= SHORTEST)
      .toSorted((a, b) => b.length - a.length);
  }

  /** `own`: names of headers, in lower case, whose values are secret. */
  headers(
    headers: Readonly<Record<string, string>>,
    own: ReadonlySet<string> = NONE,
  ): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(headers)
        .slice(0, MOST_HEADERS)
        .map(([name, value]) => {
          const key = name.toLowerCase();
          const isSecret = own.has(key) || SECRET_HEADERS.test(key);
          return [name, isSecret ? REDACTED : cut(this.text(value), MAX_HEADER)];
        }),
    );
  }

  /** The first 4 KiB of a body. `bytes`: how long all of it is. */
  body(data: Uint8Array, isCut = false): CutText {
    // Before it is cut: half a secret is one too.
    const text = this.text(new TextDecoder().decode(data));
    return {
      text: cut(text, MAX_TEXT),
      bytes: data.length,
      isCut: isCut || text.length > MAX_TEXT,
    };
  }

  text(text: string): string {
    return this.#secrets.reduce((shown, secret) => shown.replaceAll(secret, REDACTED), text);
  }

  /** Without what its query says: keys of an API stand there often. */
  url(url: URL): string {
    return this.text(`${url.origin}${url.pathname}${url.search === "" ? "" : `?${REDACTED}`}`);
  }
}

export const REDACTED = "[redacted]";

const MAX_TEXT = 4_096;
const MAX_HEADER = 512;
const MOST_HEADERS = 64;
/** Shorter ones stand in every text. */
const SHORTEST = 6;
const NONE: ReadonlySet<string> = new Set();

const SECRET_HEADERS =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|www-authenticate|webhook-signature|.*(?:token|secret|signature|api-?key|password).*)$/;

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
