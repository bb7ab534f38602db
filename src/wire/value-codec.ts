import { parse, stringify } from "devalue";
import { NotSerializableError } from "../engine/flow-errors.ts";
import type { PlainPayload } from "../engine/payload.ts";
import { isPlainJson } from "./plain-json.ts";

/**
 * A value as a payload: `json` for plain JSON, `devalue` when it takes more (Date, Map, Set, BigInt, `undefined`,
 * cycles), `binary` for bytes.
 * @throws {@link NotSerializableError} for functions, symbols and instances of classes, with the path to them.
 */
export function encodeValue(value: unknown, what: string): PlainPayload {
  if (value === undefined) return UNDEFINED;
  // A copy: whoever made the bytes may use their memory again before they are stored.
  if (value instanceof Uint8Array) return { encoding: "binary", data: new Uint8Array(value) };
  try {
    if (isPlainJson(value)) return { encoding: "json", data: Buffer.from(JSON.stringify(value)) };
    return { encoding: "devalue", data: Buffer.from(stringify(value)) };
  } catch (error) {
    throw new NotSerializableError(what, pathOf(error), reasonOf(error));
  }
}

/** The value of a payload that {@link encodeValue} made. @throws Error when it is damaged or of an unknown encoding. */
export function decodeValue(payload: PlainPayload): unknown {
  switch (payload.encoding) {
    case "undefined":
      return undefined;
    case "json":
      return JSON.parse(decoder.decode(payload.data));
    case "devalue":
      return parse(decoder.decode(payload.data));
    case "binary":
      return ownBytes(payload.data);
    default:
      throw new Error(
        `A payload is encoded as ${JSON.stringify(payload.encoding)}, which is not known.`,
      );
  }
}

/** What was read is a Buffer over the whole message; a flow gets the same plain bytes in every replay (I7). */
function ownBytes(data: Uint8Array): Uint8Array {
  const isOwn =
    Object.getPrototypeOf(data) === Uint8Array.prototype &&
    data.length === data.buffer.byteLength &&
    data.length >= LARGE_BYTES;
  // What came as a blob has memory of its own: copying it would hold up others.
  return isOwn ? data : new Uint8Array(data);
}

const LARGE_BYTES = 1_048_576;
const UNDEFINED: PlainPayload = { encoding: "undefined", data: new Uint8Array() };
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function pathOf(error: unknown): string {
  const path = error instanceof Error && "path" in error ? String(error.path) : "";
  return path === "" ? "the value itself" : `value${path}`;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("function")) return "a function";
  if (/symbol/i.test(message)) return "a symbol or has symbol keys";
  if (message.includes("non-POJO")) return "an instance of a class";
  return `not storable (${message})`;
}
