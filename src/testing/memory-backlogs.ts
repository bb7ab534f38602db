import { queueOfPlace } from "../engine/priority.ts";
import type { Stored } from "../ports/run-log.ts";
import type { PlaceInLine, QueueBacklog, QueueProgress } from "../ports/work-queue.ts";
import type { MemoryStore, Place } from "./memory-store.ts";

/** What stands in the queues that somebody has read. */
export function memoryBacklogs(store: MemoryStore): readonly QueueBacklog[] {
  const backlogs = new Map<string, QueueBacklog>();
  for (const place of store.places) {
    const { queue } = queueOfPlace(place.queue);
    backlogs.set(queue, added(store, backlogs.get(queue), queue, place));
  }
  return [...backlogs.values()];
}

/** How far every consumer is. */
export function memoryProgress(store: MemoryStore): readonly QueueProgress[] {
  return [...store.places].map(({ partition, kind, queue: place, consumer }) => {
    const { waiting, openPulls, handedOutUpTo } = consumer;
    return { partition, kind, place, waiting: waiting.length, openPulls, handedOutUpTo };
  });
}

/** Where a submission stands among those of its queue and partition. */
export function memoryPlaceOf(store: MemoryStore, submission: Stored): PlaceInLine | undefined {
  const { subject, partition, sequence } = submission;
  const own = store.subjects.placeOf(subject);
  const { queue } = queueOfPlace(own);
  const places = [...store.places].filter(
    (place) =>
      place.kind === "new" &&
      place.partition === partition &&
      queueOfPlace(place.queue).queue === queue,
  );
  const mine = places.find((place) => place.queue === own)?.consumer;
  if (mine === undefined) return undefined;
  if (!mine.waiting.includes(sequence)) return { handedOut: true };
  const waiting = places.flatMap(({ consumer }) => consumer.waiting);
  return { handedOut: false, before: waiting.filter((at) => at < sequence).length };
}

function added(
  store: MemoryStore,
  before: QueueBacklog | undefined,
  queue: string,
  { kind, partition, consumer }: Place,
): QueueBacklog {
  const { waiting = 0, inputs = 0, handedOut = 0, oldestAt = Infinity } = before ?? {};
  const { leaseMs } = consumer;
  const found = consumer.waiting;
  const first = kind === "new" ? found[0] : undefined;
  const firstAt = first === undefined ? Infinity : store.stream(partition).storedAt(first);
  const oldest = Math.min(oldestAt, firstAt);
  return {
    queue,
    waiting: waiting + (kind === "new" ? found.length : 0),
    oldestAt: oldest === Infinity ? undefined : oldest,
    inputs: inputs + (kind === "in" ? found.length : 0),
    handedOut: handedOut + consumer.handedOut,
    leaseMs: Math.min(before?.leaseMs ?? leaseMs, leaseMs),
  };
}
