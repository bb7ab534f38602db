import { FatalError } from "../engine/flow-errors.ts";
import type { Payload } from "../engine/payload.ts";
import { decodeValue, encodeValue } from "./value-codec.ts";

/** Whatever was thrown as a payload: name, message, stack, own data and causes, each cut to a bound. Never throws. */
export function encodeError(thrown: unknown): Payload {
  const json = JSON.stringify(toRecord(thrown, 0));
  return { encoding: "error", data: new TextEncoder().encode(json) };
}

/** The error as it was thrown, rebuilt. Built-in classes and `FatalError` keep their class, others their name. */
export function decodeError(payload: Payload): Error {
  try {
    return fromRecord(JSON.parse(new TextDecoder().decode(payload.data)) as ErrorRecord);
  } catch (error) {
    return new Error("The recorded error cannot be read.", { cause: error });
  }
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

const MAX_CAUSES = 8;
const MAX_TEXT = 8_192;
const MAX_DATA = 16_384;

function toRecord(thrown: unknown, depth: number): ErrorRecord {
  if (!(thrown instanceof Error)) {
    return { name: "Error", message: cut(`Thrown: ${describe(thrown)}`) };
  }
  const nested = depth < MAX_CAUSES;
  return {
    name: cut(read(() => thrown.name) ?? "Error"),
    message: cut(read(() => thrown.message) ?? ""),
    stack: cut(read(() => thrown.stack) ?? ""),
    ...(thrown instanceof FatalError ? { fatal: true } : {}),
    ...dataOf(thrown),
    ...(nested && thrown.cause !== undefined ? { cause: toRecord(thrown.cause, depth + 1) } : {}),
    ...(nested && thrown instanceof AggregateError
      ? { errors: thrown.errors.slice(0, 16).map((error) => toRecord(error, depth + 1)) }
      : {}),
  };
}

/** Own enumerable properties that can be stored; the rest is left out rather than lose the error. */
function dataOf(error: Error): Pick<ErrorRecord, "data"> {
  const data: [string, string, string][] = [];
  let size = 0;
  for (const key of Object.keys(error)) {
    if (["name", "message", "stack", "cause", "errors"].includes(key)) continue;
    const payload = read(() =>
      encodeValue((error as unknown as Record<string, unknown>)[key], `Property ${key}`),
    );
    if (payload === undefined || payload.encoding === "binary") continue;
    size += payload.data.length + key.length;
    if (size > MAX_DATA) break;
    data.push([key, payload.encoding, new TextDecoder().decode(payload.data)]);
  }
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

function cut(text: unknown): string {
  const whole = String(text);
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT)}… (cut)` : whole;
}
