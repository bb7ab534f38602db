/**
 * The last field of a frame is a CRC-32 of all before it: `millrace verify` finds by it what was changed in a message that still
 * reads as a frame. It finds accidents. Whoever changes a frame on purpose can change its checksum too.
 */
import { crc32 } from "node:zlib";
import protobuf from "protobufjs/minimal.js";

/** The frame's bytes with their checksum at the end. A large one goes without. */
export function withChecksum(frame: protobuf.Writer): Uint8Array {
  if (frame.len > MOST_BYTES) return frame.finish();
  const bytes = frame.uint32(CHECKSUM).fixed32(0).finish();
  const end = bytes.length - CHECKSUM_BYTES;
  const sum = crc32(bytes.subarray(0, end - TAG_BYTES));
  for (let at = 0; at < CHECKSUM_BYTES; at++) bytes[end + at] = sum >>> (8 * at);
  return bytes;
}

/** A checksum of so many bytes takes some 8 µs, of 64 KiB a tenth of what a step takes. The broker has one of its own. */
const MOST_BYTES = 16_384;

/** What a frame's checksum says of its bytes: `none` for a large frame, and for one of an older version. */
export function checkFrame(bytes: Uint8Array): "right" | "wrong" | "none" {
  const reader = protobuf.Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const before = reader.pos;
      const tag = reader.uint32();
      if (tag !== CHECKSUM) {
        reader.skipType(tag & 7);
        continue;
      }
      const isRight = reader.fixed32() === crc32(bytes.subarray(0, before));
      return isRight && reader.pos === reader.len ? "right" : "wrong";
    }
  } catch {
    return "wrong";
  }
  return "none";
}

// The tag of `checksum` in proto/millrace/v1/millrace.proto: the field's number and its wire type.
const CHECKSUM = (11 << 3) | 5;
const TAG_BYTES = 1;
const CHECKSUM_BYTES = 4;
