import { queueOfPlace } from "../engine/priority.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { Stored } from "../ports/run-log.ts";
import type {
  Delivery,
  DeliveryKind,
  PlaceInLine,
  QueueBacklog,
  QueueProgress,
  QueueReader,
  ReadOptions,
  WorkQueues,
} from "../ports/work-queue.ts";
import { encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import { memoryBacklogs, memoryPlaceOf, memoryProgress } from "./memory-backlogs.ts";
import type { ConsumerReader, MemoryConsumer } from "./memory-consumer.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryRunLog } from "./memory-run-log.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The work queues as one connection sees them. */
export class MemoryWorkQueues implements WorkQueues {
  readonly #parts: MemoryReaderParts;
  readonly #readers = new Set<MemoryReader>();

  constructor(parts: MemoryReaderParts) {
    this.#parts = parts;
  }

  async open(options: ReadOptions): Promise<QueueReader> {
    const { broker, link } = this.#parts;
    const reader = new MemoryReader(this.#parts, options, () => this.#readers.delete(reader));
    const leaseMs = await link.ask(
      () => {
        try {
          const { queues, anyLease = [] } = options;
          const consumers = queues.flatMap((queue) =>
            broker.openConsumers([queue], anyLease.includes(queue) ? undefined : options.leaseMs),
          );
          reader.begin(consumers);
          return Math.min(...consumers.map((consumer) => consumer.leaseMs));
        } catch (error) {
          return error as Error;
        }
      },
      (cause) => cause,
    );
    if (leaseMs instanceof Error) throw leaseMs;
    this.#readers.add(reader);
    reader.more();
    return Object.assign(reader, { leaseMs });
  }

  report(): Promise<readonly QueueBacklog[]> {
    return this.#ask((broker) => memoryBacklogs(broker));
  }

  progress(): Promise<readonly QueueProgress[]> {
    return this.#ask((broker) => memoryProgress(broker));
  }

  placeOf(submission: Stored): Promise<PlaceInLine | undefined> {
    return this.#ask((broker) => memoryPlaceOf(broker, submission));
  }

  #ask<T>(atBroker: (broker: MemoryStore) => T): Promise<T> {
    const { broker, link } = this.#parts;
    return link.ask(
      () => atBroker(broker),
      (cause) => {
        throw new BrokerError("The broker did not answer a read.", { cause });
      },
    );
  }

  /** The connection broke and is there again: deliveries under way are lost, and what is older counts as fresh no more. */
  renew(): void {
    for (const reader of this.#readers) reader.renew();
  }

  /** Nobody hands anything to a process that is gone. */
  leave(): void {
    for (const reader of this.#readers) reader.leave();
  }
}

export interface MemoryReaderParts {
  readonly broker: MemoryStore;
  readonly link: MemoryLink;
  readonly log: MemoryRunLog;
}

class MemoryReader implements ConsumerReader {
  readonly #parts: MemoryReaderParts;
  readonly #options: ReadOptions;
  readonly #onStopped: () => void;
  #consumers: readonly MemoryConsumer[] = [];
  /** Last sequence of each partition when the consumers' memory of acks was last known to be whole. */
  #trustedSince: readonly number[] = [];
  /** What was asked for, and has not been handed out. */
  readonly #asked: Record<DeliveryKind, number> = { new: 0, in: 0 };
  /** Handed out, and still on the way here. */
  readonly #coming: Record<DeliveryKind, number> = { new: 0, in: 0 };
  /** The same for each queue that has a limit of its own. */
  readonly #askedOf = new Map<string, number>();
  readonly #comingOf = new Map<string, number>();
  #askedAt = 0;
  #stopped = false;
  #cancelSweep: () => void = () => undefined;

  constructor(parts: MemoryReaderParts, options: ReadOptions, onStopped: () => void) {
    this.#parts = parts;
    this.#options = options;
    this.#onStopped = onStopped;
  }

  begin(consumers: readonly MemoryConsumer[]): void {
    this.#consumers = consumers;
    this.#trust();
    for (const consumer of consumers) consumer.addReader(this);
  }

  more(): void {
    if (this.#stopped) return;
    const { broker, link } = this.#parts;
    link.send(() => {
      this.#askedAt = broker.clock.now();
      for (const kind of KINDS) {
        this.#asked[kind] = Math.max(0, this.#options.room(kind) - this.#coming[kind]);
        for (const { queue } of this.#consumers) {
          const room = this.#options.roomOf?.(kind, queue) ?? Number.POSITIVE_INFINITY;
          const place = `${kind} ${queue}`;
          this.#askedOf.set(place, room - (this.#comingOf.get(place) ?? 0));
        }
      }
      for (const consumer of this.#inTurn()) consumer.dispatch();
    });
    // A request is forgotten after a while: a process that was stopped asks for nothing more.
    this.#cancelSweep();
    this.#cancelSweep = link.clock.after(SWEEP_MS, () => this.more(), "upkeep");
  }

  async addSibling(place: string, queue: string): Promise<void> {
    const { broker, link } = this.#parts;
    await link.ask(
      () => {
        if (this.#stopped || this.#consumers.some((consumer) => consumer.queue === place)) return;
        const like = this.#consumers.find((consumer) => consumer.queue === queue);
        const added = broker.openConsumers([place], like?.leaseMs, ["new"]);
        for (const consumer of added) consumer.addReader(this);
        this.#consumers = [...this.#consumers, ...added];
        // What is stored by now may have been handed out before.
        this.#trust();
      },
      () => undefined,
    );
    this.more();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep();
    // The answer comes after whatever is on its way.
    await this.#parts.link.ask(
      () => this.leave(),
      () => undefined,
    );
    this.#onStopped();
  }

  renew(): void {
    for (const kind of KINDS) this.#coming[kind] = 0;
    this.#comingOf.clear();
    this.#trust();
    this.more();
  }

  leave(): void {
    this.#cancelSweep();
    for (const consumer of this.#consumers) consumer.removeReader(this);
  }

  remade(): void {
    this.#trust();
  }

  hasRoom(kind: DeliveryKind, queue: string): boolean {
    const young = this.#parts.broker.clock.now() - this.#askedAt <= EXPIRES_MS;
    if (kind === "new" && this.#isBehind(queue)) return false;
    return young && this.#asked[kind] > 0 && this.#roomOf(kind, queue) > 0;
  }

  /** The best priorities first, but before them those whose turn it is. */
  #inTurn(): readonly MemoryConsumer[] {
    const turnOf = ({ queue }: MemoryConsumer): number =>
      this.#options.isDue?.(queue) === true ? 0 : queueOfPlace(queue).rank;
    return this.#consumers.toSorted((one, other) => turnOf(one) - turnOf(other));
  }

  /** True when runs of a better priority wait, and it is not this one's turn. */
  #isBehind(place: string): boolean {
    const { queue, rank } = queueOfPlace(place);
    const isBehind = this.#consumers.some((other) => {
      if (other.kind !== "new" || other.isDry) return false;
      const better = queueOfPlace(other.queue);
      return better.queue === queue && better.rank < rank && this.#roomOf("new", other.queue) > 0;
    });
    return isBehind && this.#options.isDue?.(place) !== true;
  }

  #roomOf(kind: DeliveryKind, queue: string): number {
    return this.#askedOf.get(`${kind} ${queue}`) ?? 0;
  }

  take(consumer: MemoryConsumer, message: Stored, handedOut: number): void {
    const { broker, link } = this.#parts;
    const { kind, queue } = broker.placeOf(consumer);
    const handedOutAt = broker.clock.now();
    const { lapses, memory } = consumer;
    const place = `${kind} ${queue}`;
    this.#asked[kind]--;
    this.#coming[kind]++;
    this.#askedOf.set(place, (this.#askedOf.get(place) ?? 0) - 1);
    this.#comingOf.set(place, (this.#comingOf.get(place) ?? 0) + 1);
    link.receive(() => {
      this.#coming[kind] = Math.max(0, this.#coming[kind] - 1);
      this.#comingOf.set(place, Math.max(0, (this.#comingOf.get(place) ?? 0) - 1));
      const run = broker.subjects.runOf(message.subject);
      const ack = (): void => link.send(() => consumer.ack(message.sequence));
      if (run === undefined) return void this.#setAside(message, ack);
      const age = broker.clock.now() - handedOutAt;
      const young = age < consumer.leaseMs * FRESH_SHARE && consumer.lapses === lapses;
      const trusted = message.sequence > (this.#trustedSince[message.partition] ?? 0);
      const storedAt = broker.stream(message.partition).storedAt(message.sequence);
      const waited = kind === "new" && broker.clock.now() - storedAt > YOUNG_MS;
      const delivery: Delivery = {
        ...message,
        kind,
        run,
        queue,
        redelivered: handedOut > 1,
        fresh: handedOut === 1 && young && trusted && !waited,
        isForgotten: () => consumer.memory !== memory,
        leaseId: broker.leaseIdOf(consumer, message.sequence),
        ack,
        giveBack: () => link.send(() => consumer.giveBack(message.sequence)),
      };
      this.#options.onDelivery(delivery);
    });
  }

  /** Ack after the letter is stored: a crash between the two writes it again, under the same subject (I11). */
  async #setAside(message: Stored, ack: () => void): Promise<void> {
    const { subject, sequence } = message;
    this.#options.onForeign(subject, NO_RUN);
    const at = this.#parts.broker.clock.now();
    try {
      const letter = encodeDeadLetter({ subject, sequence, reason: NO_RUN, at });
      await this.#parts.log.setAside(message, letter);
      ack();
    } catch {
      // It comes again when its lease is over.
    }
  }

  #trust(): void {
    this.#trustedSince = this.#parts.broker.streams.map((stream) => stream.lastSequence);
  }
}

const KINDS: readonly DeliveryKind[] = ["new", "in"];
const NO_RUN = "its subject names no run";
const EXPIRES_MS = 2_000;
const SWEEP_MS = 1_000;
const FRESH_SHARE = 0.6;
const YOUNG_MS = 1_000;
