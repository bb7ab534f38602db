import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import { PUBLISHER_TIMINGS, type PublisherTimings } from "./publisher-timings.ts";
import { RunEventPublisher } from "./run-event-publisher.ts";

/** Tells of what happens to runs (docs/events.md): one of all workers at a time for each partition. */
export async function startRunEvents(
  { millrace: { broker }, clock, log, worker }: AutomationHost,
  timings: PublisherTimings = PUBLISHER_TIMINGS,
): Promise<AutomationPart> {
  const publishers = Array.from(
    { length: broker.feed.partitions },
    (_, partition) => new RunEventPublisher({ broker, clock, log, worker, partition, timings }),
  );
  return {
    stop: async () => {
      await Promise.all(publishers.map((publisher) => publisher.stop()));
    },
  };
}
