import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import { PUBLISHER_LIMITS, type PublisherLimits } from "./publisher-limits.ts";
import { RunEventPublisher } from "./run-event-publisher.ts";

/** Tells of what happens to runs (docs/events.md): one of all workers at a time for each partition. */
export async function startRunEvents(
  { millrace: { broker }, clock, log, worker }: AutomationHost,
  limits: PublisherLimits = PUBLISHER_LIMITS,
): Promise<AutomationPart> {
  const publishers = Array.from(
    { length: broker.feed.partitions },
    (_, partition) => new RunEventPublisher({ broker, clock, log, worker, partition, limits }),
  );
  return {
    stop: async () => {
      await Promise.all(publishers.map((publisher) => publisher.stop()));
    },
  };
}
