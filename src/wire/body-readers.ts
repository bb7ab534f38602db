import protobuf from "protobufjs/minimal.js";
import type { millrace } from "./generated/millrace.js";
import { messages } from "./messages.ts";

/** What reads one kind of body, and the event's field that the body stands in. */
export interface BodyReader<Name extends EventField> {
  readonly name: Name;
  readonly decode: (reader: protobuf.Reader, length: number) => never;
}

/** The readers of all bodies, by the numbers of their fields. `names` has the field of each body, by the body's message. */
export function bodyReaders<Name extends EventField>(
  names: Readonly<Partial<Record<keyof typeof messages, Name>>>,
): BodyReaders<Name> {
  const readers: BodyReader<Name>[] = [];
  for (const [message, name] of Object.entries(names)) {
    const body = messages[message as "Released"];
    const decode: BodyReader<Name>["decode"] = (reader, length) =>
      body.decode(reader, length) as never;
    readers[numberOf(name)] = { name, decode };
  }
  return readers;
}

export type BodyReaders<Name extends EventField> = readonly (BodyReader<Name> | undefined)[];
export type EventField = keyof millrace.v1.Event.$Properties;

/** The generated code has the number only in the tag that it writes. */
function numberOf(field: EventField): number {
  const event = messages.Event.encode({ [field]: {} }).finish();
  return protobuf.Reader.create(event).uint32() >>> 3;
}
