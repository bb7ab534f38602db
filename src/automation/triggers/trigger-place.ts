import { type SourceSide, sidesOf } from "../../client/trigger-sources.ts";
import type { ControlRecord } from "../../ports/control-store.ts";
import {
  decodeTriggerPlace,
  encodeTriggerPlace,
  type PlacedConsumer,
  type TriggerPlace,
} from "../../wire/trigger-place-codec.ts";
import { triggerStatsKey } from "../../wire/trigger-stats-codec.ts";
import type { AutomationHost } from "../automation-host.ts";
import type { ActiveTrigger } from "./active-trigger.ts";
import { streamOf } from "./source-streams.ts";

/**
 * The consumers that a trigger has, decided once for all workers. A trigger that is made anew, or reads other streams than
 * before, gets new ones; the former are removed, and nobody can open them again.
 * @throws {@link BrokerError}
 */
export async function placeTrigger(
  host: PlacingHost,
  trigger: Pick<ActiveTrigger, "name" | "record">,
): Promise<TriggerPlace> {
  const { control } = host.millrace.broker;
  const sides = sidesOf(trigger.record.spec);
  const identity = JSON.stringify([trigger.record.createdAt, ...sides.map(identityOf)]);
  for (;;) {
    const record = await control.read(placeKey(trigger.name));
    const place = placeIn(record);
    if (place?.identity === identity) {
      if (place.leftovers.length === 0) return place;
      await clearLeftovers(host, trigger.name, place, record?.revision ?? 0);
      continue;
    }
    const next = await nextPlace(host, trigger.name, { identity, sides, before: place });
    // Another worker may decide at the same moment: the first one's decision holds.
    await control.write(placeKey(trigger.name), encodeTriggerPlace(next), record?.revision ?? 0);
  }
}

/** Removes all that a trigger had which is no more. Safe to repeat. */
export async function forgetPlace(host: PlacingHost, record: ControlRecord): Promise<void> {
  const { bus, control } = host.millrace.broker;
  const name = record.key.slice(PLACES.length);
  const place = placeIn(record);
  for (const { stream, consumer } of [...(place?.consumers ?? []), ...(place?.leftovers ?? [])]) {
    await bus.forget(stream, consumer);
  }
  await removeRecords(host, stateKey(name));
  const stats = await control.read(triggerStatsKey(name));
  if (stats !== undefined) await control.write(stats.key, GONE, stats.revision, SOON);
  await control.write(record.key, GONE, record.revision, SOON);
}

/** The places that there are, whether or not their triggers are. */
export async function places(host: PlacingHost): Promise<readonly PlaceRecord[]> {
  const records = await host.millrace.broker.control.list(PLACES.slice(0, -1));
  return records.flatMap((record) =>
    record.data.length === 0 ? [] : [{ record, name: record.key.slice(PLACES.length) }],
  );
}

export interface PlaceRecord {
  readonly name: string;
  readonly record: ControlRecord;
}

export type PlacingHost = Pick<AutomationHost, "millrace">;

/** Of one generation: `trigger-state.<name>.<generation>`, a token for each correlation key follows. */
export function stateKey(name: string, generation?: number): string {
  return generation === undefined ? `trigger-state.${name}` : `trigger-state.${name}.${generation}`;
}

async function nextPlace(
  { millrace: { broker } }: PlacingHost,
  name: string,
  {
    identity,
    sides,
    before,
  }: { identity: string; sides: readonly SourceSide[]; before: TriggerPlace | undefined },
): Promise<TriggerPlace> {
  const generation = (before?.generation ?? 0) + 1;
  const streams = new Set<string>();
  // One consumer for both sides where they share a stream: then their order is the stream's.
  for (const { source } of sides) streams.add(await streamOf(broker.bus, source));
  const consumers = [...streams].map((stream, at) => ({
    stream,
    consumer: `trigger_${name}_${generation}_${at}`,
  }));
  const leftovers = [...(before?.consumers ?? []), ...(before?.leftovers ?? [])];
  return { identity, generation, consumers, leftovers };
}

/** Removed first, then forgotten: a crash between the two removes again what is gone. */
async function clearLeftovers(
  host: PlacingHost,
  name: string,
  place: TriggerPlace,
  revision: number,
): Promise<void> {
  const { bus, control } = host.millrace.broker;
  const forget = ({ stream, consumer }: PlacedConsumer): Promise<void> =>
    bus.forget(stream, consumer);
  for (const leftover of place.leftovers) await forget(leftover);
  for (let before = place.generation - 1; before > 0 && before > place.generation - 4; before--) {
    await removeRecords(host, stateKey(name, before));
  }
  await control.write(placeKey(name), encodeTriggerPlace({ ...place, leftovers: [] }), revision);
}

/** Those whose keys have more tokens than these. */
async function removeRecords({ millrace }: PlacingHost, prefix: string): Promise<void> {
  const { control } = millrace.broker;
  for (const { key, revision, data } of await control.list(prefix)) {
    if (data.length > 0) await control.write(key, GONE, revision, SOON);
  }
}

function identityOf({ source }: SourceSide): string {
  switch (source.kind) {
    case "run":
    case "event":
      return "events";
    case "subject":
      return `subject ${source.subject}`;
    case "stream":
      return `stream ${source.stream}`;
  }
}

function placeIn(record: ControlRecord | undefined): TriggerPlace | undefined {
  if (record === undefined) return undefined;
  const decoded = decodeTriggerPlace(record.data);
  return decoded.kind === "ok" ? decoded.value : undefined;
}

function placeKey(name: string): string {
  return `${PLACES}${name}`;
}

const PLACES = "trigger-place.";
/** There is no removal of a record but by time. */
const GONE = new Uint8Array();
const SOON = { ttlMs: 1_000 };
