import type { CloudEvent } from "../engine/cloud-event.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { checkAppEvent, checkEventText } from "../wire/app-event.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { eventMessage } from "../wire/cloud-event-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";

/** What {@link Millrace.emit} takes beside type and data. */
export interface EmitEventOptions {
  /**
   * Tells this event from others of the same source: emitted again with the same id within two minutes, it is stored once, and
   * triggers act on it once however much later. Default: a new one.
   */
  readonly id?: string;
  /** Who tells: a URI, or a path. Default `/millrace/<namespace>/client`. */
  readonly source?: string;
  /** What it is about, such as `order-42`. */
  readonly subject?: string;
  /** When it happened: a `Date` or milliseconds since 1970. Default: now. */
  readonly time?: Date | number;
}

/** An event that is durable. */
export interface EmittedEvent {
  readonly id: string;
  /** Its place in the events stream. */
  readonly sequence: number;
  /** False when one of the same source and id was there already. */
  readonly isNew: boolean;
}

/** Publishes an application's event. Resolves when it is durable. */
export async function emit(
  host: ClientHost,
  type: string,
  data: unknown,
  options: EmitEventOptions,
): Promise<EmittedEvent> {
  const { broker, clock } = host;
  const { namespace, maxMessageBytes } = broker.log;
  const { id = sortableId(clock.now(), Math.random), time = clock.now() } = options;
  const source = options.source ?? `/millrace/${namespace}/client`;
  const event: CloudEvent = {
    specversion: "1.0",
    id: checkEventText("id", id),
    source: checkEventText("source", source),
    time: timeText(time),
    datacontenttype: "application/json",
    ...checkAppEvent(type, data, options.subject),
  };
  const message = eventMessage(new BusSubjects(namespace).appEvent(type), event);
  const size = message.data.length;
  if (size > maxMessageBytes) {
    throw new PayloadTooLargeError(`The event ${type}`, size, maxMessageBytes);
  }
  // The same id each time: stored once, whichever of the tries arrives.
  const patience = new Patience(host, GIVE_UP_MS);
  const { sequence, isDuplicate } = await patience.ask(() => broker.bus.publish(message));
  return { id, sequence, isNew: !isDuplicate };
}

const GIVE_UP_MS = 30_000;

function timeText(time: Date | number): string {
  const date = new Date(time);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new InvalidOptionError("time", time, "give a Date or milliseconds since 1970");
}
