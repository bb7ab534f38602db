import type { ControlLease } from "../../client/control-lease.ts";
import type { EventSettings } from "../../engine/event-settings.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FedMessage } from "../../ports/event-feed.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import { FeedReader } from "./feed-reader.ts";
import { type FoldHost, foldEvents } from "./fold-events.ts";
import { NoLongerOursError, publishInOrder } from "./publish-in-order.ts";
import type { PublisherLimits } from "./publisher-limits.ts";
import { RunFactCache } from "./run-fact-cache.ts";
import { RunsFirst } from "./runs-first.ts";
import { type StoredMark, writeMark } from "./stored-mark.ts";

/** Publishes a partition's events from a mark on, batch by batch: a mark may be written after each, for nothing is on its way. */
export class PublishingSession {
  readonly #parts: SessionParts;
  readonly #fold: FoldHost;
  #mark: StoredMark;
  /** Everything up to here is in the events stream, up to there. */
  #sequence: number;
  #eventsSequence: number;
  /** Events since the mark. */
  #unmarked = 0;
  #markedAt: number;
  #settingsAt: number;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#mark = parts.mark;
    const { generation, sequence, eventsSequence } = parts.mark.value;
    this.#sequence = sequence;
    this.#eventsSequence = eventsSequence;
    this.#markedAt = this.#settingsAt = parts.clock.now();
    const { broker, partition, subjects, settings, limits } = parts;
    const stream = generation === 0 ? `${partition}` : `${partition}.${generation}`;
    this.#fold = {
      log: broker.log,
      partition,
      layers: broker.feed.layers,
      subjects,
      cache: new RunFactCache(limits.factsBytes),
      idOf: (at) => `${stream}-${at}`,
      statuses: new Set(settings.statuses),
    };
  }

  /**
   * Goes on until it is stopped or the settings change.
   * @throws {@link NoLongerOursError} when another worker does it now, {@link FeedBrokenError}, {@link BrokerError}
   */
  async run(): Promise<void> {
    const { broker, partition, clock, limits, stopping } = this.#parts;
    const runsFirst = new RunsFirst(clock);
    const reading = new AbortController();
    const options = { signal: reading.signal, kinds: KINDS, maxBatch: limits.batch };
    const reader = new FeedReader(broker.feed.read(partition, this.#sequence, options), clock);
    const wake = (): void => reader.wake();
    stopping.addEventListener("abort", wake);
    try {
      while (!stopping.aborted && !reader.isOver) {
        const batch = await reader.next(limits.markMs);
        if (batch !== undefined) {
          const startedAt = clock.now();
          await this.#publish(batch);
          await runsFirst.rest(batch.length, clock.now() - startedAt, stopping);
        }
        if (await this.#isOver()) break;
      }
      await this.#writeMark();
    } finally {
      stopping.removeEventListener("abort", wake);
      reading.abort();
    }
  }

  async #publish(batch: readonly FedMessage[]): Promise<void> {
    const { broker, lease, told } = this.#parts;
    const events = await foldEvents(this.#fold, batch);
    const fresh = events.filter(({ id }) => !told.delete(id));
    const highest = await publishInOrder(broker.bus, fresh, () => lease.isHeld);
    this.#eventsSequence = Math.max(this.#eventsSequence, highest);
    this.#sequence = batch.at(-1)?.sequence ?? this.#sequence;
    this.#unmarked += fresh.length;
  }

  async #isOver(): Promise<boolean> {
    const { clock, lease, limits, settings } = this.#parts;
    if (!(await lease.hold())) throw new NoLongerOursError();
    const now = clock.now();
    if (now - this.#markedAt >= limits.markMs || this.#unmarked >= EVENTS_A_MARK) {
      await this.#writeMark();
    }
    if (now - this.#settingsAt < limits.settingsMs) return false;
    this.#settingsAt = now;
    const { statuses } = await this.#parts.readSettings();
    return statuses.join() !== settings.statuses.join();
  }

  async #writeMark(): Promise<void> {
    const { broker, partition, clock } = this.#parts;
    this.#markedAt = clock.now();
    if (this.#sequence === this.#mark.value.sequence) return;
    const value = {
      ...this.#mark.value,
      sequence: this.#sequence,
      eventsSequence: this.#eventsSequence,
    };
    this.#mark = await writeMark(broker, partition, value, this.#mark.revision);
    this.#unmarked = 0;
  }
}

export interface SessionParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly partition: number;
  readonly subjects: BusSubjects;
  readonly lease: ControlLease;
  readonly settings: EventSettings;
  readonly readSettings: () => Promise<EventSettings>;
  readonly mark: StoredMark;
  /** Ids of events that stand in the stream already. */
  readonly told: Set<string>;
  readonly limits: PublisherLimits;
  readonly stopping: AbortSignal;
}

const KINDS = ["new", "h"] as const;
const EVENTS_A_MARK = 1_000;
