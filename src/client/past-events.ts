import type { CloudEvent } from "../engine/cloud-event.ts";
import type { TriggerSource, TriggerSpec } from "../engine/trigger-spec.ts";
import type { MessageBus } from "../ports/message-bus.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { cloudEventOf } from "../wire/cloud-event-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { filtersOf, sidesOf, subjectsOf } from "./trigger-sources.ts";

/** An event that came, and where it stands. */
export interface PastEvent {
  readonly event: CloudEvent;
  readonly at: number;
  readonly stream: string;
  readonly sequence: number;
}

/** What a trigger would have read from a time on, if it had been there: in order of time. */
export async function* pastEvents(
  { broker }: ClientHost,
  spec: TriggerSpec,
  since: number,
): AsyncGenerator<PastEvent> {
  const subjects = new BusSubjects(broker.log.namespace);
  const filters = new Map<string, readonly string[]>();
  for (const side of sidesOf(spec)) {
    const stream = await streamOf(broker.bus, side.source);
    if (stream === undefined) continue;
    filters.set(stream, [...(filters.get(stream) ?? []), ...subjectsOf(subjects, side)]);
  }
  if (filters.size === 1) {
    for (const [stream, wanted] of filters) yield* eventsOf(broker.bus, stream, wanted, since);
    return;
  }
  const all: PastEvent[] = [];
  for (const [stream, wanted] of filters) {
    for await (const event of eventsOf(broker.bus, stream, wanted, since)) {
      all.push(event);
      if (all.length % MAX_OF_STREAM === 0) break;
    }
  }
  yield* all.toSorted((one, other) => one.at - other.at);
}

async function* eventsOf(
  bus: MessageBus,
  stream: string,
  wanted: readonly string[],
  since: number,
): AsyncGenerator<PastEvent> {
  for await (const messages of bus.scan(stream, { filters: filtersOf(wanted), since })) {
    for (const message of messages) {
      const { sequence, storedAt } = message;
      yield { event: cloudEventOf(message), at: storedAt, stream, sequence };
    }
  }
}

/** Of a stream that is read beside others. */
const MAX_OF_STREAM = 10_000;

/** Nothing where no message was ever kept. */
async function streamOf(bus: MessageBus, source: TriggerSource): Promise<string | undefined> {
  if (source.kind === "stream") return source.stream;
  return source.kind === "subject" ? bus.streamOf(source.subject) : bus.streams.events;
}
