import type { Payload } from "../../engine/payload.ts";
import { isPlain } from "../../engine/payload.ts";
import { describePayload } from "../../payloads/describe-payload.ts";
import { decodeError } from "../../wire/error-codec.ts";
import { type JsonValue, jsonOfValue } from "../../wire/json-value.ts";
import { decodeValue } from "../../wire/value-codec.ts";

/** A value that a run took or gave, as the API says it; nothing for `undefined`. */
export function valueJson(value: unknown): JsonValue | undefined {
  if (value === undefined) return undefined;
  try {
    return jsonOfValue(value);
  } catch (error) {
    return { $unreadable: String(error) };
  }
}

/** A payload as it is recorded: its value, or where it is and why it is not shown. */
export function payloadJson(payload: Payload): JsonValue | undefined {
  if (!isPlain(payload)) return { $elsewhere: describePayload(payload) };
  try {
    if (payload.encoding === "error") return errorJson(decodeError(payload));
    return valueJson(decodeValue(payload));
  } catch (error) {
    return { $unreadable: String(error) };
  }
}

/** What was thrown: its causes too, as far down as they are recorded. */
export function errorJson(error: Error, depth = 0): ErrorJson {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).flatMap(([key, value]) => {
    const json = key === "cause" || key === "errors" ? undefined : valueJson(value);
    return json === undefined ? [] : [[key, json] as const];
  });
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(own.length === 0 ? {} : { data: Object.fromEntries(own) }),
    ...(cause instanceof Error && depth < MAX_CAUSES ? { cause: errorJson(cause, depth + 1) } : {}),
  };
}

export interface ErrorJson {
  readonly [name: string]: JsonValue;
  readonly name: string;
  readonly message: string;
}

const MAX_CAUSES = 16;
