import type { MessageBus } from "../../ports/message-bus.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import { cloudEventOf } from "../../wire/cloud-event-codec.ts";

/**
 * The ids of the run events that stand in the events stream after this sequence: what somebody published who did not come to
 * write that down. Only as many as are published between two marks.
 */
export async function readTold(
  bus: MessageBus,
  subjects: BusSubjects,
  after: number,
): Promise<Set<string>> {
  const told = new Set<string>();
  const { events } = bus.streams;
  const extent = await bus.extent(events);
  // A stream that ends before what was read of it is another one: all of it may be new.
  const from = (extent?.last ?? 0) < after ? 0 : after;
  const source = `/millrace/${subjects.namespace}`;
  const filters = [subjects.runEvent("*", "*")];
  for await (const batch of bus.scan(events, { filters, after: from })) {
    for (const event of batch.map(cloudEventOf)) {
      if (event.source === source) told.add(event.id);
    }
  }
  return told;
}
