import type { MsgHdrs } from "@nats-io/nats-core";

/** The headers of a message as text of the protocol: the general way is slower. Values must have no line breaks. */
export function headerBlock(
  lines: Iterable<readonly [name: string, value: string]>,
): MsgHdrs | undefined {
  let text = "";
  for (const [name, value] of lines) text += `${name}: ${value}\r\n`;
  if (text === "") return undefined;
  const block = Buffer.from(`NATS/1.0\r\n${text}\r\n`, "utf8");
  // The transport only calls `encode`.
  return { encode: () => block } as unknown as MsgHdrs;
}

/** All values of each header, by its name in lower case. Those that `without` names are left out. */
export function headersOf(headers: MsgHdrs | undefined, without = NONE): BusHeaders {
  if (headers === undefined) return NO_HEADERS;
  const found = new Map<string, readonly string[]>();
  for (const [name, values] of headers) add(found, name, values, without);
  return found;
}

/** The same of a block of headers as the broker hands it out. */
export function headersOfBlock(block: Uint8Array, without = NONE): BusHeaders {
  const [, ...lines] = Buffer.from(block.buffer, block.byteOffset, block.length)
    .toString("utf8")
    .split("\r\n");
  const found = new Map<string, readonly string[]>();
  for (const line of lines) {
    const at = line.indexOf(":");
    if (at > 0) add(found, line.slice(0, at), [line.slice(at + 1).trim()], without);
  }
  return found;
}

export type BusHeaders = ReadonlyMap<string, readonly string[]>;

const NONE: ReadonlySet<string> = new Set();
const NO_HEADERS: BusHeaders = new Map();

function add(
  found: Map<string, readonly string[]>,
  name: string,
  values: readonly string[],
  without: ReadonlySet<string>,
): void {
  const key = name.toLowerCase();
  if (!without.has(key)) found.set(key, [...(found.get(key) ?? []), ...values]);
}
