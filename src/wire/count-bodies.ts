import protobuf from "protobufjs/minimal.js";

/**
 * How many bodies a message holds, read from its bytes: decoding keeps only the last one of a doubled `oneof`. Every field
 * from `first` on is a body.
 * @throws Error when the bytes are no protobuf message.
 */
export function countBodies(bytes: Uint8Array, first: number): number {
  const reader = protobuf.Reader.create(bytes);
  let bodies = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 >= first) bodies++;
    reader.skipType(tag & 7);
  }
  return bodies;
}
