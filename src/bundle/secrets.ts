import { escaped } from "./redaction-path.ts";

/**
 * Values that were taken out, to be found wherever else they are: as they are, and in the writings in which they travel
 * (JSON, URL, base64, hexadecimal).
 */
export class Secrets {
  readonly #byForm = new Map<string, Secret>();
  readonly #values = new Map<unknown, Secret>();
  #pattern: RegExp | undefined;

  /** Notes a value that a path led to, and what is in it. */
  add(path: number, place: string, value: unknown): void {
    this.#note({ path, place, isExact: true }, value, LEAST_EXACT);
    if (typeof value === "object" && value !== null) this.#addInside(path, place, value, new Set());
  }

  /** The text without them. */
  scrub(text: string, onFound: (secret: Secret) => void): string {
    if (this.#byForm.size === 0) return text;
    this.#pattern ??= patternOf([...this.#byForm.keys()]);
    return text.replace(this.#pattern, (form) => {
      const secret = this.#byForm.get(form);
      if (secret !== undefined) onFound(secret);
      return SCRUBBED;
    });
  }

  /** The one that is this very value: a number, say. */
  known(value: unknown): Secret | undefined {
    return this.#values.get(value);
  }

  /** One that is in the bytes in any of its writings, though a text would not show it. */
  in(bytes: Uint8Array): Secret | undefined {
    return this.#find(bytes, () => true);
  }

  /** The same, of those that a path led to themselves: what is only part of such a value may be a common word. */
  exactIn(bytes: Uint8Array): Secret | undefined {
    return this.#find(bytes, ({ isExact }) => isExact);
  }

  #find(bytes: Uint8Array, counts: (secret: Secret) => boolean): Secret | undefined {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [form, secret] of this.#byForm) {
      if (!counts(secret)) continue;
      if (buffer.includes(form) || buffer.includes(Buffer.from(form, "utf16le"))) return secret;
    }
    return undefined;
  }

  #addInside(path: number, place: string, value: object, seen: Set<object>): void {
    if (seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value) || value instanceof Date) return;
    const inner: Iterable<unknown> =
      value instanceof Map
        ? [...value.keys(), ...value.values()]
        : value instanceof Set
          ? value
          : Object.values(value);
    for (const one of inner) {
      if (typeof one === "object" && one !== null) this.#addInside(path, place, one, seen);
      else this.#note({ path, place, isExact: false }, one, LEAST_INSIDE);
    }
  }

  #note(secret: Secret, value: unknown, least: number): void {
    const bytes = bytesOf(value);
    if (bytes === undefined || bytes.length < least) return;
    if (typeof value !== "object") this.#values.set(value, secret);
    this.#pattern = undefined;
    for (const form of formsOf(bytes)) {
      const before = this.#byForm.get(form);
      if (before?.isExact !== true) this.#byForm.set(form, secret);
    }
  }
}

/** A value that was taken out. */
export interface Secret {
  /** Number of the path that led to it. */
  readonly path: number;
  /** Where it was. */
  readonly place: string;
  /** It is all that the path led to, not a part of it. */
  readonly isExact: boolean;
}

/** What stands in a text in the place of something that was taken out elsewhere. */
const SCRUBBED = "[redacted]";

/** Shorter values, in bytes, are only taken out where a path leads to them: elsewhere they may be anything. */
const LEAST_EXACT = 6;
const LEAST_INSIDE = 8;

function bytesOf(value: unknown): Buffer | undefined {
  switch (typeof value) {
    case "string":
      return Buffer.from(value);
    case "number":
    case "bigint":
      return Buffer.from(String(value));
    default:
      return ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : undefined;
  }
}

function formsOf(bytes: Buffer): ReadonlySet<string> {
  const hex = bytes.toString("hex");
  const forms = new Set([hex, hex.toUpperCase()]);
  for (let offset = 0; offset < 3; offset++) {
    const form = base64Core(bytes, offset);
    forms.add(form).add(form.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) {
    forms.add(text).add(JSON.stringify(text).slice(1, -1));
    forms.add(encodeURIComponent(text)).add(escapedInAscii(text));
  }
  return new Set([...forms].filter((form) => form.length >= LEAST_EXACT));
}

/** The characters that depend on these bytes alone, where so many bytes of something else are before them. */
function base64Core(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  const from = Math.ceil((offset * 8) / 6);
  const to = Math.floor((whole.length * 8) / 6);
  return whole.toString("base64").slice(from, to);
}

/** As some write JSON: `\u00e9`. */
function escapedInAscii(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function patternOf(forms: readonly string[]): RegExp {
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(escaped).join("|"), "g");
}
