import { BrokerError } from "../engine/usage-errors.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import { decodeRecord, encodeRecord } from "../wire/control-json.ts";
import type { Decoded } from "../wire/decoded.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/**
 * Reads a control record, changes it and writes it back, until nobody wrote in between. Gives the record as it is then. `change` may
 * see its own work: a write whose confirmation was lost. What it gives back unchanged is not written. `beforehand` is done before each
 * try to write a record, with what is to be written.
 * @throws {@link BrokerError} when nothing is confirmed for 30 s, and what `change` throws.
 */
export async function changeRecord<T extends object>(
  host: RecordHost,
  kind: RecordKind<T>,
  key: string,
  change: (before: T | undefined) => T | undefined,
  beforehand: (after: T) => Promise<void> = async () => undefined,
): Promise<T | undefined> {
  const { control } = host.broker;
  const patience = new Patience(host, GIVE_UP_MS);
  for (;;) {
    const stored = await patience.ask(() => control.read(key));
    const before = recordIn(kind, stored);
    const after = change(before);
    if (after === before) return after;
    if (after !== undefined) await patience.ask(() => beforehand(after));
    const bytes = after === undefined ? encodeRecord({ removed: true }) : kind.encode(after);
    const options = after === undefined ? { ttlMs: REMOVED_MS } : {};
    const outcome = await control.write(key, bytes, stored?.revision ?? 0, options);
    if (outcome.status === "written") return after;
    if (patience.isOver) {
      const cause = outcome.status === "unknown" ? outcome.cause : undefined;
      throw new BrokerError(`The change of record ${key} was not confirmed. Try again.`, { cause });
    }
    if (outcome.status === "unknown") await patience.pause();
  }
}

/** The record, if it is there and this version can read it. */
export async function readRecord<T>(
  host: RecordHost,
  kind: RecordKind<T>,
  key: string,
): Promise<T | undefined> {
  const patience = new Patience(host, GIVE_UP_MS);
  return recordIn(kind, await patience.ask(() => host.broker.control.read(key)));
}

/** All records of a kind that this version can read, in no order. */
export async function listRecords<T>(
  host: RecordHost,
  kind: RecordKind<T>,
  prefix: string,
): Promise<readonly T[]> {
  const patience = new Patience(host, GIVE_UP_MS);
  const records = await patience.ask(() => host.broker.control.list(prefix));
  return records
    .map((record) => recordIn(kind, record))
    .filter((record): record is Awaited<T> & T => record !== undefined);
}

export type RecordHost = Pick<ClientHost, "broker" | "clock">;

/** Between a record and its bytes. */
export interface RecordKind<T> {
  readonly encode: (record: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Decoded<T>;
}

/** A removed record is one that says so, and goes by itself. */
function recordIn<T>(kind: RecordKind<T>, record: ControlRecord | undefined): T | undefined {
  if (record === undefined || isRemoved(record)) return undefined;
  const decoded = kind.decode(record.data);
  return decoded.kind === "ok" ? decoded.value : undefined;
}

function isRemoved({ data }: ControlRecord): boolean {
  const decoded = decodeRecord(data, ({ removed }) => (removed === true ? true : "it is there"));
  return decoded.kind === "ok";
}

const GIVE_UP_MS = 30_000;
/** As long as whoever reads may be behind. */
const REMOVED_MS = 2_000;
