/**
 * Tells of one partition's runs. Rules:
 *
 * - One worker does it at a time, under a lease that only saves work: two who believe in it publish the same events under the
 *   same ids, and each stands in the stream once.
 * - The mark is written when everything up to it is durable in the events stream. Who goes on from a mark first reads what was
 *   published after it, and passes it over: whenever somebody dies, each event stands there once.
 * - Whatever fails ends the session. The next one goes on from the mark, like another worker would.
 */
import type { Logger } from "pino";
import { ControlLease } from "../../client/control-lease.ts";
import { DEFAULT_EVENT_SETTINGS, type EventSettings } from "../../engine/event-settings.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FeedExtent } from "../../ports/event-feed.ts";
import type { BusExtent } from "../../ports/message-bus.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { decodeEventSettings, EVENT_SETTINGS } from "../../wire/event-settings-codec.ts";
import { decodeEventsMark, eventsMarkKey } from "../../wire/events-mark-codec.ts";
import { pause } from "./pause.ts";
import { NoLongerOursError } from "./publish-in-order.ts";
import type { PublisherLimits } from "./publisher-limits.ts";
import { PublishingSession } from "./publishing-session.ts";
import { readTold } from "./read-told.ts";
import { type StoredMark, writeMark } from "./stored-mark.ts";

export class RunEventPublisher {
  readonly #parts: PublisherParts;
  readonly #subjects: BusSubjects;
  readonly #lease: ControlLease;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    const { broker, clock, partition, worker, limits } = parts;
    this.#subjects = new BusSubjects(broker.log.namespace);
    this.#lease = new ControlLease({
      control: broker.control,
      clock,
      what: `events-${partition}`,
      holder: worker,
      ttlMs: limits.leaseMs,
    });
    this.#ended = this.#run();
  }

  /** Resolves when what is on its way is published and marked. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted || this.#parts.broker.closed.aborted;
  }

  async #run(): Promise<void> {
    const { log, limits, partition } = this.#parts;
    while (!this.#isStopping) {
      try {
        if (await this.#lease.hold()) await this.#session();
        else await this.#pause(limits.leaseMs / 2);
      } catch (err) {
        if (this.#isStopping) break;
        if (!(err instanceof NoLongerOursError)) {
          log.warn({ err, partition }, "The events of runs are delayed; trying again");
        }
        await this.#pause(limits.retryMs);
      }
    }
    await this.#lease.release().catch(() => undefined);
  }

  /** Goes on from the mark until the lease or something else is lost. */
  async #session(): Promise<void> {
    const settings = await this.#settings();
    const mark = await this.#begin();
    if (settings.statuses.length === 0) return this.#standOff(mark);
    const { ids, eventsSequence } = await readTold(this.#parts.broker.bus, {
      subjects: this.#subjects,
      partition: this.#parts.partition,
      after: mark.value.eventsSequence,
      goOn: () => this.#stay(),
    });
    await new PublishingSession({
      ...this.#parts,
      subjects: this.#subjects,
      lease: this.#lease,
      settings,
      mark: await this.#moved(mark, eventsSequence),
      told: ids,
      readSettings: () => this.#settings(),
      stopping: this.#stopping.signal,
    }).run();
  }

  /** @throws {@link NoLongerOursError} */
  async #stay(): Promise<void> {
    if (this.#isStopping || !(await this.#lease.hold())) throw new NoLongerOursError();
  }

  /** Written down at once only when the next one would have much to look through. */
  async #moved({ value, revision }: StoredMark, eventsSequence: number): Promise<StoredMark> {
    const moved = { ...value, eventsSequence };
    const isFar = Math.abs(eventsSequence - value.eventsSequence) > FAR;
    return isFar
      ? writeMark(this.#parts.broker, this.#parts.partition, moved, revision)
      : { value: moved, revision };
  }

  /** The place to go on from, written down if it is a new one: its ids are not to be used twice. */
  async #begin(): Promise<StoredMark> {
    const { broker, partition } = this.#parts;
    const [record, extent] = await Promise.all([
      broker.control.read(eventsMarkKey(partition)),
      broker.feed.extent(partition),
    ]);
    const decoded = record === undefined ? undefined : decodeEventsMark(record.data);
    const before = decoded?.kind === "ok" ? decoded.value : undefined;
    const events = await broker.bus.extent(broker.bus.streams.events);
    const { incarnation } = extent;
    const revision = record?.revision ?? 0;
    const from = (generation: number, sequence: number): Promise<StoredMark> => {
      const eventsSequence = events?.last ?? 0;
      const value = { incarnation, generation, sequence, eventsSequence, isOff: false };
      return writeMark(broker, partition, value, revision);
    };
    if (before === undefined) return from(0, isOfOldNamespace(extent, events) ? extent.last : 0);
    const { generation } = before;
    if (before.incarnation !== incarnation) return from(generation + 1, 0);
    // The stream lost its end, and gives the same sequences to other messages.
    if (extent.last < before.sequence) return from(generation + 1, extent.last);
    return before.isOff ? from(generation, extent.last) : { value: before, revision };
  }

  /** Nothing is told as long as the settings say so, nor later of what happens meanwhile. */
  async #standOff(mark: StoredMark): Promise<void> {
    const { broker, partition, limits } = this.#parts;
    await writeMark(broker, partition, { ...mark.value, isOff: true }, mark.revision);
    while (!this.#isStopping && (await this.#lease.hold())) {
      await this.#pause(limits.settingsMs);
      if ((await this.#settings()).statuses.length > 0) return;
    }
  }

  async #settings(): Promise<EventSettings> {
    const record = await this.#parts.broker.control.read(EVENT_SETTINGS);
    const decoded = record === undefined ? undefined : decodeEventSettings(record.data);
    return decoded?.kind === "ok" ? decoded.value : DEFAULT_EVENT_SETTINGS;
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#parts.clock, ms, this.#stopping.signal, "upkeep");
  }
}

export interface PublisherParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly partition: number;
  /** The worker's id. */
  readonly worker: string;
  readonly limits: PublisherLimits;
}

/** Messages that are looked through in no time. */
const FAR = 10_000;

/** A namespace that is older than its events stream had runs before anybody told of them: what they did then is not told. */
function isOfOldNamespace(log: FeedExtent, events: BusExtent | undefined): boolean {
  return (events?.createdAt ?? 0) - Date.parse(log.incarnation) > MADE_TOGETHER_MS;
}

/** The streams of a new namespace are made within this time. */
const MADE_TOGETHER_MS = 60_000;
