import type { MessageBus } from "../../ports/message-bus.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import { cloudEventOf } from "../../wire/cloud-event-codec.ts";

/**
 * What a partition's events in the stream after this sequence say: what somebody published who did not come to write that down.
 * Only as many as are published between two marks, but there may be any number of others to look through: `goOn` is asked at
 * each batch, and throws if it is not to go on.
 */
export async function readTold(
  bus: MessageBus,
  { subjects, partition, after, goOn }: ToldQuery,
): Promise<Told> {
  const ids = new Set<string>();
  const { events } = bus.streams;
  const { last = 0 } = (await bus.extent(events)) ?? {};
  // A stream that ends before what was read of it is another one: all of it may be new.
  const from = last < after ? 0 : after;
  const source = `/millrace/${subjects.namespace}`;
  const filters = [subjects.runEvent("*", "*")];
  const own = [`${partition}-`, `${partition}.`];
  for await (const batch of bus.scan(events, { filters, after: from })) {
    await goOn();
    for (const event of batch.map(cloudEventOf)) {
      const isOwn = event.source === source && own.some((start) => event.id.startsWith(start));
      if (isOwn) ids.add(event.id);
    }
  }
  // Nobody needs to look again through what has none.
  return { ids, eventsSequence: ids.size === 0 ? last : from };
}

export interface ToldQuery {
  readonly subjects: BusSubjects;
  readonly partition: number;
  /** A sequence of the events stream. */
  readonly after: number;
  readonly goOn: () => Promise<void>;
}

export interface Told {
  readonly ids: Set<string>;
  /** All of these stand after it. */
  readonly eventsSequence: number;
}
