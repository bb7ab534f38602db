import { FatalError } from "../engine/flow-errors.ts";
import type { PlainPayload } from "../engine/payload.ts";
import { decodeValue, encodeValue } from "./value-codec.ts";

/**
 * Whatever was thrown as a payload: name, message, stack, own data and causes, each cut to a bound, and bounded all
 * together, so that an error always fits in a message: the server's default, or `limitBytes` where it is less. Never throws.
 */
export function encodeError(thrown: unknown, limitBytes = Number.POSITIVE_INFINITY): PlainPayload {
  const room: Room = {
    errors: Math.min(MAX_ERRORS, Math.floor(limitBytes / 2 / ERROR_BYTES)),
    characters: Math.min(MAX_CHARACTERS, Math.floor(limitBytes / 2 / CHARACTER_BYTES)),
  };
  const record = read(() => toRecord(thrown, 0, room)) ?? UNREADABLE;
  return { encoding: "error", data: new TextEncoder().encode(JSON.stringify(record)) };
}

/** The error as it was thrown, rebuilt. Built-in classes and `FatalError` keep their class, others their name. */
export function decodeError(payload: PlainPayload): Error {
  try {
    return fromRecord(JSON.parse(new TextDecoder().decode(payload.data)) as ErrorRecord);
  } catch (error) {
    return new Error("The recorded error cannot be read.", { cause: error });
  }
}

/** Name, message and code of a recorded error without rebuilding it; nothing when it cannot be read. */
export function readErrorText(payload: PlainPayload): ErrorText | undefined {
  try {
    const record = JSON.parse(
      new TextDecoder().decode(payload.data),
    ) as Partial<ErrorRecord> | null;
    const { name, message, data } = record ?? {};
    if (typeof name !== "string" || typeof message !== "string") return undefined;
    const code = codeIn(data);
    return { name, message, ...(code === undefined ? {} : { code }) };
  } catch {
    return undefined;
  }
}

export interface ErrorText {
  readonly name: string;
  readonly message: string;
  /** Its own `code`, if that is text. */
  readonly code?: string;
}

function codeIn(data: ErrorRecord["data"]): string | undefined {
  if (!Array.isArray(data)) return undefined;
  const [, , text] = data.find(([key, encoding]) => key === "code" && encoding === "json") ?? [];
  const code: unknown = text === undefined ? undefined : JSON.parse(text);
  return typeof code === "string" ? code : undefined;
}

interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly fatal?: boolean;
  readonly data?: readonly (readonly [name: string, encoding: string, text: string])[];
  readonly cause?: ErrorRecord;
  readonly errors?: readonly ErrorRecord[];
}

const UNREADABLE: ErrorRecord = { name: "Error", message: "Thrown: something unreadable" };

/** What the errors of one tree, causes and aggregated ones, may still take. */
interface Room {
  errors: number;
  characters: number;
}

const MAX_CAUSES = 8;
const MAX_AGGREGATED = 16;
const MAX_TEXT = 8_192;
const MAX_DATA = 16_384;
const MAX_ERRORS = 64;
/** What an error without any text takes, at most. */
const ERROR_BYTES = 160;
/** What a character takes, at most: JSON writes some as `\u0000`. */
const CHARACTER_BYTES = 6;
/** Stays below half of the server's default for a message, 1 MiB. */
const MAX_CHARACTERS = 65_536;

function toRecord(thrown: unknown, depth: number, room: Room): ErrorRecord {
  room.errors--;
  if (!(thrown instanceof Error)) {
    return { name: "Error", message: cut(`Thrown: ${describe(thrown)}`, room) };
  }
  const text = (get: () => unknown, otherwise: string): string =>
    read(() => cut(get(), room)) ?? otherwise;
  return {
    name: text(() => thrown.name, "Error"),
    message: text(() => thrown.message, ""),
    stack: text(() => thrown.stack ?? "", ""),
    ...(thrown instanceof FatalError ? { fatal: true } : {}),
    ...read(() => dataOf(thrown, room)),
    ...(depth < MAX_CAUSES ? nestedOf(thrown, depth + 1, room) : {}),
  };
}

function nestedOf(error: Error, depth: number, room: Room): Pick<ErrorRecord, "cause" | "errors"> {
  const nest = (nested: unknown): ErrorRecord | undefined =>
    room.errors > 0 ? (read(() => toRecord(nested, depth, room)) ?? UNREADABLE) : undefined;
  const cause = read(() => error.cause);
  const record = cause === undefined ? undefined : nest(cause);
  return {
    ...(record === undefined ? {} : { cause: record }),
    ...(error instanceof AggregateError
      ? {
          errors: aggregated(error)
            .map(nest)
            .filter((one) => one !== undefined),
        }
      : {}),
  };
}

function aggregated(error: AggregateError): readonly unknown[] {
  const errors: unknown = read(() => error.errors);
  return Array.isArray(errors) ? errors.slice(0, MAX_AGGREGATED) : [];
}

/** Own enumerable properties that can be stored; the rest is left out rather than lose the error. */
function dataOf(error: Error, room: Room): Pick<ErrorRecord, "data"> {
  const data: [string, string, string][] = [];
  let size = 0;
  for (const key of Object.keys(error)) {
    if (["name", "message", "stack", "cause", "errors"].includes(key)) continue;
    const payload = read(() =>
      encodeValue((error as unknown as Record<string, unknown>)[key], `Property ${key}`),
    );
    if (payload === undefined || payload.encoding === "binary") continue;
    size += payload.data.length + key.length;
    if (size > Math.min(MAX_DATA, room.characters)) break;
    data.push([key, payload.encoding, new TextDecoder().decode(payload.data)]);
  }
  room.characters -= Math.min(size, room.characters);
  return data.length === 0 ? {} : { data };
}

const BUILT_IN: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
};

function fromRecord(record: ErrorRecord): Error {
  const error = blank(record);
  for (const [key, encoding, text] of record.data ?? []) {
    if (key === "__proto__") continue;
    define(error, key, decodeValue({ encoding, data: new TextEncoder().encode(text) }), true);
  }
  if (error.name !== record.name) define(error, "name", record.name, false);
  if (record.stack !== undefined) define(error, "stack", record.stack, false);
  if (record.cause !== undefined) define(error, "cause", fromRecord(record.cause), false);
  return error;
}

function blank(record: ErrorRecord): Error {
  if (record.fatal === true) return new FatalError("", record.message);
  if (record.errors !== undefined) {
    return new AggregateError(record.errors.map(fromRecord), record.message);
  }
  return new (BUILT_IN[record.name] ?? Error)(record.message);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/** Errors may have getters that throw. */
function read<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return value;
  return read(() => JSON.stringify(value)) ?? read(() => String(value)) ?? typeof value;
}

function cut(text: unknown, room: Room): string {
  const whole = String(text);
  const limit = Math.min(MAX_TEXT, room.characters);
  room.characters -= Math.min(whole.length, limit);
  return whole.length > limit ? `${whole.slice(0, limit)}… (cut)` : whole;
}
