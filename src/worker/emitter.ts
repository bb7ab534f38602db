/**
 * Publishes what flows tell of. A step may be done again by whoever takes its run up, so its event has the step's id:
 *
 * - Within two minutes the broker stores one of those with the same id.
 * - Where somebody died who may have published it longer ago, it is looked for first. Nobody else publishes it meanwhile: one
 *   worker holds the run (I2).
 */
import { causeDepth } from "../engine/cause.ts";
import type { CloudEvent } from "../engine/cloud-event.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { parseRunId, type RunId } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { AppEvent } from "../wire/app-event.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { cloudEventOf, type EventMessage, eventMessage } from "../wire/cloud-event-codec.ts";

export class Emitter {
  readonly #host: EmitterHost;
  readonly #subjects: BusSubjects;

  constructor(host: EmitterHost) {
    this.#host = host;
    this.#subjects = new BusSubjects(host.broker.log.namespace);
  }

  /**
   * A function that publishes the event under an id, as often as it is tried. Resolves when it is durable.
   * @throws {@link PayloadTooLargeError}, {@link BrokerError}
   */
  publisherOf(asked: AskedEvent): (id: string) => Promise<void> {
    let mayBeThereFrom = asked.interruptedAt;
    return async (id) => {
      const before = mayBeThereFrom;
      mayBeThereFrom ??= this.#host.clock.now();
      await this.#publish(asked, id, before);
    };
  }

  async #publish(asked: AskedEvent, id: string, mayBeThereFrom: number | undefined): Promise<void> {
    const { broker, clock } = this.#host;
    const { type, subject, data } = asked.event;
    const { runId, metadata } = asked.submission;
    const depth = causeDepth(metadata);
    const { traceparent } = metadata;
    const event: CloudEvent = {
      specversion: "1.0",
      id,
      source: `/millrace/${this.#subjects.namespace}/runs/${uriOf(runId)}`,
      type,
      subject: subject ?? runId,
      time: new Date(clock.now()).toISOString(),
      datacontenttype: "application/json",
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(depth === 0 ? {} : { millracedepth: depth }),
      data,
    };
    const message = eventMessage(this.#subjects.appEvent(type), event);
    const limit = broker.log.maxMessageBytes;
    if (message.data.length > limit) {
      throw new PayloadTooLargeError(`The event ${type}`, message.data.length, limit);
    }
    const isLongAgo = clock.now() - (mayBeThereFrom ?? clock.now()) > KNOWN_BY_ID_MS;
    if (isLongAgo && (await this.#isThere(message, event, mayBeThereFrom ?? 0))) return;
    await broker.bus.publish(message);
  }

  async #isThere({ subject }: EventMessage, event: CloudEvent, from: number): Promise<boolean> {
    const { bus } = this.#host.broker;
    const since = Math.max(0, from - CLOCKS_APART_MS);
    for await (const batch of bus.scan(bus.streams.events, { filters: [subject], since })) {
      const isOurs = ({ id, source }: CloudEvent): boolean =>
        id === event.id && source === event.source;
      if (batch.some((message) => isOurs(cloudEventOf(message)))) return true;
    }
    return false;
  }
}

/** An event that a flow asks for. */
export interface AskedEvent {
  readonly event: AppEvent;
  readonly submission: Pick<Submission, "runId" | "metadata">;
  /** Somebody may have published it after this time and not come to say so. */
  readonly interruptedAt: number | undefined;
}

export interface EmitterHost {
  readonly broker: Broker;
  readonly clock: Clock;
}

/** Less than the two minutes for which the broker knows an id. */
const KNOWN_BY_ID_MS = 90_000;
const CLOCKS_APART_MS = 60_000;

function uriOf(runId: RunId): string {
  const { flow, key } = parseRunId(runId);
  return `${flow}:${encodeURIComponent(key)}`;
}
