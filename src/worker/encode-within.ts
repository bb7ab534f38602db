import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import type { PlainPayload } from "../engine/payload.ts";
import { encodeValue } from "../wire/value-codec.ts";

/**
 * A value as a payload of no more than this size.
 * @throws {@link PayloadTooLargeError}, {@link NotSerializableError}
 */
export function encodeWithin(limitBytes: number, value: unknown, what: string): PlainPayload {
  const payload = encodeValue(value, what);
  if (payload.data.length <= limitBytes) return payload;
  throw new PayloadTooLargeError(what, payload.data.length, limitBytes);
}
