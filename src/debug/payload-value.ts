import { createHash } from "node:crypto";
import { isPlain, type Payload, type PlainPayload } from "../engine/payload.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";

/**
 * What a payload holds, for comparing: its value or its error; a text that names its content where it is not opened or cannot be
 * read. The same text is the same content. Never throws.
 */
export function payloadValue(payload: Payload): unknown {
  if (!isPlain(payload)) {
    const { codec, blob } = payload;
    const how = codec === undefined ? "" : `, encoded by ${codec}`;
    return blob === undefined
      ? `<${contentOf(payload.data)}${how}>`
      : `<${blob.size} bytes, sha256 ${blob.sha256}${how}>`;
  }
  if (payload.encoding === "error") return decodeError(payload);
  try {
    return decodeValue(payload);
  } catch {
    return `<unreadable ${payload.encoding}: ${contentOf(payload.data)}>`;
  }
}

function contentOf(data: PlainPayload["data"]): string {
  return `${data.length} bytes, sha256 ${createHash("sha256").update(data).digest("hex")}`;
}
