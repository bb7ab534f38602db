import type { Msg } from "@nats-io/nats-core";

/**
 * The stream sequence of a message that the broker read for us, `data` being its data; nothing for an answer that is
 * only a status.
 *
 * A long history is many messages, and taking their headers apart costs more than all else about them. So the one that
 * counts is looked for in the bytes, which stand in memory before the data.
 */
export function sequenceOf(message: Msg, data: Uint8Array): number | undefined {
  const from = Math.max(0, data.byteOffset - LOOK_BACK_BYTES);
  const before = Buffer.from(data.buffer, from, data.byteOffset - from);
  // The last one is the broker's: whoever stored the message may have given it headers of the same name.
  const at = before.lastIndexOf(NAME);
  // Nothing else ends between it and the data, so it is a header of this message.
  const isOwn = at !== -1 && before.indexOf(END, at) === before.length - END.length;
  return isOwn ? digitsAt(before, at + NAME.length) : fromHeaders(message);
}

const NAME = Buffer.from("\r\nNats-Sequence: ");
const END = Buffer.from("\r\n\r\n");
/** The broker's own headers are shorter: they stand last. */
const LOOK_BACK_BYTES = 512;
const ZERO = 48;
const NINE = 57;

function digitsAt(bytes: Uint8Array, from: number): number {
  let number = 0;
  for (let at = from; ; at++) {
    const digit = bytes[at];
    if (digit === undefined || digit < ZERO || digit > NINE) return number;
    number = number * 10 + digit - ZERO;
  }
}

function fromHeaders({ headers }: Msg): number | undefined {
  const last = headers?.last("Nats-Sequence") ?? "";
  return last === "" ? undefined : Number(last);
}
