import type { PlainPayload } from "../engine/payload.ts";
import { decodeValue, encodeValue } from "../wire/value-codec.ts";

/** What is in a payload, to be looked at and changed in place: a value, or an error as an object with its own properties. */
export function viewOf(payload: PlainPayload): unknown {
  return payload.encoding === "error"
    ? errorView(JSON.parse(new TextDecoder().decode(payload.data)))
    : decodeValue(payload);
}

/** Undoes {@link viewOf}: what stands where an error must be becomes one with that message. */
export function payloadOfView(view: unknown, encoding: string): PlainPayload {
  if (encoding !== "error") return encodeValue(view, "A redacted value");
  const text = JSON.stringify(errorRecord(view));
  return { encoding, data: new TextEncoder().encode(text) };
}

type Fields = Readonly<Record<string, unknown>>;

/** The record of wire/error-codec.ts with `data` as properties of the error. */
function errorView(record: unknown): unknown {
  if (typeof record !== "object" || record === null) return record;
  const { data, cause, errors, ...rest } = record as Fields;
  const view: Record<string, unknown> = { ...rest };
  if (cause !== undefined) view["cause"] = errorView(cause);
  if (Array.isArray(errors)) view["errors"] = errors.map(errorView);
  for (const [key, encoding, text] of (data ?? []) as readonly [string, string, string][]) {
    if (key === "__proto__") continue;
    view[key] = decodeValue({ encoding, data: new TextEncoder().encode(text) });
  }
  return view;
}

function errorRecord(view: unknown): object {
  if (typeof view !== "object" || view === null) return { name: "Error", message: textOf(view) };
  const { name, message, stack, fatal, cause, errors, ...own } = view as Fields;
  const data = Object.entries(own).map(([key, value]) => {
    const payload = encodeValue(value, "A redacted property");
    return [key, payload.encoding, new TextDecoder().decode(payload.data)];
  });
  return {
    name: textOf(name),
    message: textOf(message),
    ...(stack === undefined ? {} : { stack: textOf(stack) }),
    ...(fatal === true ? { fatal } : {}),
    ...(data.length === 0 ? {} : { data }),
    ...(cause === undefined ? {} : { cause: errorRecord(cause) }),
    ...(Array.isArray(errors) ? { errors: errors.map(errorRecord) } : {}),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
