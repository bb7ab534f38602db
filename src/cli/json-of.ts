import { printableJson } from "./printable.ts";

/**
 * Any value of a run as JSON text. What JSON cannot hold is given a form that can be read (docs/cli.md, "JSON"): dates as
 * ISO text, bytes as base64, big integers as text, maps and sets as arrays, errors as objects.
 */
export function jsonText(value: unknown, indent?: number): string {
  return printableJson(JSON.stringify(jsonOf(value), undefined, indent) ?? "null");
}

export function jsonOf(value: unknown, inside: readonly object[] = []): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (inside.includes(value)) return "[circular]";
  if (inside.length > MAX_DEPTH) return "[nested too deep]";
  return objectOf(value, [...inside, value]);
}

const MAX_DEPTH = 256;

function objectOf(value: object, inside: readonly object[]): unknown {
  const nested = (part: unknown): unknown => jsonOf(part, inside);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) return [...value].map(nested);
  if (value instanceof Set || Array.isArray(value)) return [...value].map(nested);
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Error) return errorRecord(value, inside);
  return recordOf(value, inside);
}

function recordOf(value: object, inside: readonly object[]): Record<string, unknown> {
  const own = Object.entries(value).map(([key, part]) => [key, jsonOf(part, inside)]);
  return Object.fromEntries(own);
}

/** An error as a record: name, message, its own data, stack, cause. */
export function errorRecord(
  error: Error,
  inside: readonly object[] = [error],
): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...recordOf(error, inside),
    stack,
    ...(cause === undefined ? {} : { cause: jsonOf(cause, inside) }),
    ...(error instanceof AggregateError ? { errors: jsonOf(error.errors, inside) } : {}),
  };
}
