/**
 * A decoded message as plain JSON for whoever has no protobuf at hand. Texts are texts, other bytes are base64; a payload
 * that a codec wrapped stays wrapped.
 */
export function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const { data, ...rest } = value as Readonly<Record<string, unknown>>;
  const fields: [string, unknown][] = Object.entries(rest).map(([k, v]) => [k, readable(v)]);
  if (data instanceof Uint8Array) {
    const isText = rest["codec"] === undefined && TEXTS.has(String(rest["encoding"]));
    fields.push(isText ? ["text", Buffer.from(data).toString()] : ["base64", readable(data)]);
  } else if (data !== undefined) {
    fields.push(["data", readable(data)]);
  }
  return Object.fromEntries(fields);
}

/** Encodings whose bytes are UTF-8. */
const TEXTS: ReadonlySet<string> = new Set(["json", "devalue", "error"]);
