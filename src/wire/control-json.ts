import type { Decoded } from "./decoded.ts";
import { NEWER } from "./decoded.ts";
import { FORMAT } from "./messages.ts";

/** A control record as JSON with a format number: small, rarely written, and to be read with any tool. */
export function encodeRecord(fields: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...fields }));
}

/** Reads a control record; a lift answers with text when the content makes no sense. */
export function decodeRecord<T>(
  bytes: Uint8Array,
  lift: (fields: Readonly<Record<string, unknown>>) => T | string,
): Decoded<T> {
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { kind: "foreign", reason: "it is not JSON" };
  }
  if (!isObject(fields) || typeof fields["format"] !== "number") {
    return { kind: "foreign", reason: "it carries no format number" };
  }
  const value = fields["format"] > FORMAT ? NEWER : lift(fields);
  return typeof value === "string" ? { kind: "foreign", reason: value } : { kind: "ok", value };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}
