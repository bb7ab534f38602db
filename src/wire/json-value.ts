import { parse, stringify } from "devalue";
import { isPlainJson } from "./plain-json.ts";

/**
 * Any value as JSON. What JSON can say stands for itself. Bytes become `{ "$bytes": "<base64>" }`, and a value with a Date, a
 * Map, a Set, a BigInt, `undefined` or a cycle in it `{ "$devalue": "<text>" }`, which the package devalue reads. A value that
 * looks like one of these stands in `{ "$json": … }`, so that none is taken for another.
 * @throws Error when the value has a function, a symbol or an instance of a class in it.
 */
export function jsonOfValue(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (!isPlainJson(value)) return { $devalue: stringify(value) };
  return markOf(value) === undefined ? (value as JsonValue) : { $json: value as JsonValue };
}

/**
 * The value that {@link jsonOfValue} made this of.
 * @throws Error when it is marked and makes no sense.
 */
export function valueOfJson(json: unknown): unknown {
  const mark = markOf(json);
  if (mark === undefined) return json;
  const content = (json as Readonly<Record<string, unknown>>)[mark];
  if (mark === "$json") return content;
  if (typeof content !== "string") throw new Error(`${mark} takes text.`);
  return mark === "$bytes" ? bytesOf(content) : parse(content);
}

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const MARKS = ["$bytes", "$devalue", "$json"] as const;

/** An object is marked when a mark is all that it has. */
function markOf(value: unknown): (typeof MARKS)[number] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const [name, ...others] = Object.keys(value);
  return others.length === 0 ? MARKS.find((mark) => mark === name) : undefined;
}

/** In pieces: a call takes only so many arguments. No Buffer: browsers have none. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

const PIECE = 8_192;
