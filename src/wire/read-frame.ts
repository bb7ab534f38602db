import protobuf from "protobufjs/minimal.js";
import type { BodyReaders, EventField } from "./body-readers.ts";
import type { millrace } from "./generated/millrace.js";

/** What stands in a frame's bytes. */
export interface WireFrame<Name extends EventField> {
  format: number;
  prev: number;
  epoch: number;
  writer: string;
  status: number;
  inboxFolded: number;
  token: number;
  queue: string;
  annotated: number;
  readonly events: WireEvent<Name>[];
}

export interface WireEvent<Name extends EventField> {
  readonly message: millrace.v1.Event.$Properties;
  /** The field of its last body that this version knows. */
  readonly body: Name | undefined;
  /** How many bodies the bytes hold, those that this version does not know included. */
  readonly bodies: number;
}

/**
 * Reads the layers of a frame by hand, and only the bodies of its events by the generated code: that keeps the last one
 * of a doubled `oneof` in silence, and takes several times as long.
 * @throws Error when the bytes are no protobuf message.
 */
export function readFrame<Name extends EventField>(
  bytes: Uint8Array,
  readers: BodyReaders<Name>,
): WireFrame<Name> {
  const reader = protobuf.Reader.create(bytes);
  const frame: WireFrame<Name> = {
    format: 0,
    prev: 0,
    epoch: 0,
    writer: "",
    status: 0,
    inboxFolded: 0,
    token: 0,
    queue: "",
    annotated: 0,
    events: [],
  };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case FORMAT:
        frame.format = reader.uint32();
        break;
      case PREV:
        frame.prev = numberIn(reader);
        break;
      case EPOCH:
        frame.epoch = reader.uint32();
        break;
      case WRITER:
        frame.writer = reader.stringVerify();
        break;
      case STATUS:
        frame.status = reader.int32();
        break;
      case INBOX_FOLDED:
        frame.inboxFolded = numberIn(reader);
        break;
      case TOKEN:
        frame.token = numberIn(reader);
        break;
      case QUEUE:
        frame.queue = reader.stringVerify();
        break;
      case ANNOTATED:
        frame.annotated = numberIn(reader);
        break;
      case EVENTS:
        frame.events.push(readEvent(reader, readers));
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return frame;
}

const VARINT = 0;
const DELIMITED = 2;

// Tags of Frame and Event in proto/millrace/v1/millrace.proto: the field's number and its wire type.
const FORMAT = (1 << 3) | VARINT;
const PREV = (2 << 3) | VARINT;
const EPOCH = (3 << 3) | VARINT;
const WRITER = (4 << 3) | DELIMITED;
const STATUS = (5 << 3) | VARINT;
const INBOX_FOLDED = (6 << 3) | VARINT;
const TOKEN = (7 << 3) | VARINT;
const QUEUE = (8 << 3) | DELIMITED;
const EVENTS = (9 << 3) | DELIMITED;
const ANNOTATED = (10 << 3) | VARINT;
const AT = (1 << 3) | VARINT;
const FIRST_BODY = 2;

function readEvent<Name extends EventField>(
  reader: protobuf.Reader,
  readers: BodyReaders<Name>,
): WireEvent<Name> {
  const message: millrace.v1.Event.$Properties = { at: 0 };
  const length = reader.uint32();
  const end = reader.pos + length;
  let bodies = 0;
  let body: Name | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (tag === AT) message.at = numberIn(reader);
    else if (field < FIRST_BODY || (tag & 7) !== DELIMITED) reader.skipType(tag & 7);
    else {
      bodies++;
      const known = readers[field];
      if (known === undefined) reader.skipType(DELIMITED);
      else {
        body = known.name;
        message[body] = known.decode(reader, reader.uint32());
      }
    }
  }
  if (reader.pos !== end) throw new RangeError("An event ends within a field");
  return { message, body, bodies };
}

/** A number is all that a 64-bit field is here: see numbers-for-64-bits.ts. */
function numberIn(reader: protobuf.Reader): number {
  return Number(reader.uint64());
}
