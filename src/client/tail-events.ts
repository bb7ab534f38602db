import type { CloudEvent } from "../engine/cloud-event.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { ScanOptions } from "../ports/message-bus.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { cloudEventOf } from "../wire/cloud-event-codec.ts";
import { eventFilter } from "../wire/event-filter.ts";
import type { ClientHost } from "./client-host.ts";
import { onAbort } from "./on-abort.ts";

/** Which events {@link Events.tail} gives. */
export interface TailOptions {
  /**
   * Types such as `order.created` and `millrace.run.crashed`; `*` stands for one token, `>` at the end for any rest.
   * Default: all.
   */
  readonly types?: readonly string[];
  /** After this sequence of the stream, or from this time on. Default `beginning`, with `follow` `now`. */
  readonly from?: "beginning" | "now" | Date | number;
  /** Goes on with what comes. Default false. */
  readonly follow?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** An event with its place in the events stream. */
export interface StoredEvent {
  readonly sequence: number;
  readonly event: CloudEvent;
}

/** The events that stand in the stream, and then those that come. */
export async function* tailEvents(
  host: Pick<ClientHost, "broker" | "clock">,
  options: TailOptions,
): AsyncGenerator<StoredEvent> {
  const { bus, closed } = host.broker;
  const { follow = false, signal } = options;
  const scan = await scanOf(host, options);
  const isOver = (): boolean => signal?.aborted === true || closed.aborted;
  for (let { after } = scan; ; await pause(host, signal)) {
    for await (const batch of bus.scan(bus.streams.events, { ...scan, after })) {
      for (const message of batch) {
        if (isOver()) return;
        after = message.sequence;
        yield { sequence: after, event: cloudEventOf(message) };
      }
    }
    if (!follow || isOver()) return;
  }
}

async function scanOf(
  { broker: { bus, log } }: Pick<ClientHost, "broker">,
  { types = [">"], follow = false, from = follow ? "now" : "beginning" }: TailOptions,
): Promise<ScanOptions & { readonly after: number }> {
  const filters = eventFilter(new BusSubjects(log.namespace), types);
  if (filters === undefined) {
    const rule =
      "use types such as order.created or millrace.run.crashed; * and > stand for tokens";
    throw new InvalidOptionError("types", types.join(", "), rule);
  }
  if (from instanceof Date) return { filters, after: 0, since: from.getTime() };
  if (from !== "now") return { filters, after: placeOf(from) };
  return { filters, after: (await bus.extent(bus.streams.events))?.last ?? 0 };
}

function placeOf(from: "beginning" | number): number {
  if (typeof from !== "number") return 0;
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new InvalidOptionError("from", from, "give a sequence, a Date, beginning or now");
}

function pause(
  { clock }: Pick<ClientHost, "clock">,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(LOOK_MS, resolve, "upkeep");
    if (signal === undefined) return;
    onAbort(signal, () => {
      cancel();
      resolve();
    });
  });
}

/** How often it is looked for more. */
const LOOK_MS = 250;
