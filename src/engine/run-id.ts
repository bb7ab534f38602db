import { checkToken, isPrintable, isToken } from "./names.ts";
import { InvalidNameError } from "./usage-errors.ts";

/** `<flow>:<key>`, for example `checkout:order-42`: all that anybody needs to find a run again. */
export type RunId = `${string}:${string}`;

/** A run id taken apart. `token` is the key as it stands in subjects. */
export interface RunRef {
  readonly id: RunId;
  readonly flow: string;
  readonly key: string;
  readonly token: string;
}

/** Marks an encoded key in a subject. A key that starts with it is encoded too, so no two keys meet. */
const ENCODED = "--";
const KEY_BYTES = 128;

/**
 * The run of this flow and key.
 * @throws {@link InvalidNameError} when the flow's name or the key is not allowed.
 */
export function runRef(flow: string, key: string): RunRef {
  checkToken("A flow's name", flow);
  const token = encodeKey(key);
  return { id: `${flow}:${key}`, flow, key, token };
}

/**
 * Takes `<flow>:<key>` apart.
 * @throws {@link InvalidNameError} when it is not a run id.
 */
export function parseRunId(id: string): RunRef {
  const colon = typeof id === "string" ? id.indexOf(":") : -1;
  if (colon < 1) throw new InvalidNameError("A run id", id, "it has the form <flow>:<key>");
  return runRef(id.slice(0, colon), id.slice(colon + 1));
}

/** The run whose flow and encoded key stand in a subject, or nothing when no key encodes to this token. */
export function runRefOfTokens(flow: string, token: string): RunRef | undefined {
  if (!isToken(flow)) return undefined;
  if (isToken(token) && !token.startsWith(ENCODED)) {
    return { id: `${flow}:${token}`, flow, key: token, token };
  }
  const key = decodeKey(token);
  return key === undefined ? undefined : { id: `${flow}:${key}`, flow, key, token };
}

function encodeKey(key: unknown): string {
  if (isToken(key) && !key.startsWith(ENCODED)) return key;
  if (typeof key !== "string" || key === "" || !isPrintable(key)) {
    throw new InvalidNameError(
      "A key",
      key,
      "use 1 to 128 bytes of text without control characters",
    );
  }
  const bytes = utf8(key);
  if (bytes.length > KEY_BYTES) {
    throw new InvalidNameError(
      "A key",
      key,
      `it takes ${bytes.length} bytes and may take ${KEY_BYTES}`,
    );
  }
  return ENCODED + bytes.map(encodeByte).join("");
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_]/.test(char) ? char : `-${byte.toString(16).padStart(2, "0")}`;
}

function decodeKey(token: string): string | undefined {
  if (!/^--(?:[A-Za-z0-9_]|-[0-9a-f]{2})+$/.test(token)) return undefined;
  try {
    const key = decodeURIComponent(token.slice(ENCODED.length).replaceAll("-", "%"));
    return encodeKey(key) === token ? key : undefined;
  } catch {
    return undefined; // Not UTF-8, or a key that would not have been accepted.
  }
}

/** UTF-8 without a platform's encoder: the core has none. */
function utf8(text: string): number[] {
  const escaped = encodeURIComponent(text);
  const bytes: number[] = [];
  for (let at = 0; at < escaped.length; at++) {
    if (escaped[at] === "%") {
      bytes.push(Number.parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(escaped.charCodeAt(at));
  }
  return bytes;
}
