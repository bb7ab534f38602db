import protobuf from "protobufjs/minimal.js";

/**
 * How many bodies each event of a frame has, read from the bytes: decoding keeps only the last one of a doubled `oneof`.
 * Every field of an event but `at` is a body.
 * @throws Error when the bytes are no protobuf message.
 */
export function countBodies(frame: Uint8Array): readonly number[] {
  const reader = protobuf.Reader.create(frame);
  const counts: number[] = [];
  while (reader.pos < reader.len) {
    const { field, wireType } = tagOf(reader);
    if (field === EVENTS && wireType === LENGTH_DELIMITED) {
      counts.push(countIn(reader, reader.uint32()));
    } else reader.skipType(wireType);
  }
  return counts;
}

/** Field numbers of proto/millrace/v1/millrace.proto. */
const EVENTS = 9;
const FIRST_BODY = 2;
const LENGTH_DELIMITED = 2;

function countIn(reader: protobuf.Reader, length: number): number {
  const end = reader.pos + length;
  let bodies = 0;
  while (reader.pos < end) {
    const { field, wireType } = tagOf(reader);
    if (field >= FIRST_BODY && wireType === LENGTH_DELIMITED) bodies++;
    reader.skipType(wireType);
  }
  return bodies;
}

function tagOf(reader: protobuf.Reader): { readonly field: number; readonly wireType: number } {
  const tag = reader.uint32();
  return { field: tag >>> 3, wireType: tag & 7 };
}
