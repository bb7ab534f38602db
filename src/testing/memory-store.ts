import { SettingsMismatchError } from "../engine/usage-errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { HeldRun } from "../ports/leases.ts";
import type { Stored } from "../ports/run-log.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";
import type { Refusal } from "../wire/refusal-codec.ts";
import { Subjects } from "../wire/subjects.ts";
import { MemoryBlobStore } from "./memory-blob-store.ts";
import { MemoryBusStore } from "./memory-bus-store.ts";
import { MemoryConsumer } from "./memory-consumer.ts";
import { MemoryControlRecords } from "./memory-control-records.ts";
import type { MemoryFaults } from "./memory-faults.ts";
import { MemoryStream } from "./memory-stream.ts";

/** What a {@link MemoryBroker} holds, as its connections see it: streams, consumers, and who listens. */
export class MemoryStore {
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly maxMessageBytes: number;
  readonly latencyMs: (() => number) | undefined;
  faults: MemoryFaults = {};
  readonly streams: readonly MemoryStream[];
  readonly control: MemoryControlRecords;
  readonly bus: MemoryBusStore;
  /** The lease keepers that answer questions, by worker. */
  readonly keepers = new Map<string, Respondent>();
  readonly blobs = new MemoryBlobStore();
  /** Where hints are expected. */
  readonly hints = new Map<string, (data: Uint8Array) => void>();
  /** Who answers questions, by subject. */
  readonly respondents = new Map<string, Set<Respond>>();
  readonly #consumers = new Map<string, Place>();
  readonly #followers = new Map<string, Set<(frame: Stored) => void>>();
  /** How to take back what was ordered for later. */
  readonly #schedules = new Map<string, () => void>();
  #hintPlaces = 0;

  constructor(options: MemoryStoreOptions) {
    this.clock = options.clock;
    this.latencyMs = options.latencyMs;
    this.maxMessageBytes = options.maxMessageBytes;
    this.subjects = new Subjects(options.namespace, [options.partitions]);
    this.control = new MemoryControlRecords(options.clock);
    this.bus = new MemoryBusStore(options.clock, options.namespace);
    this.streams = Array.from(
      { length: options.partitions },
      (_, partition) =>
        new MemoryStream(
          partition,
          () => this.clock.now(),
          (message) => this.#onStored(message),
        ),
    );
  }

  lapseLeases(): void {
    for (const { consumer } of this.#consumers.values()) consumer.lapseAll();
    this.bus.lapseLeases();
  }

  forgetAcks(queue: string): void {
    for (const place of this.#consumers.values()) {
      if (place.queue === queue) place.consumer.forget();
    }
  }

  /** The consumers of all queues that somebody has read. */
  get places(): Iterable<Place> {
    return this.#consumers.values();
  }

  unacked(): readonly Stored[] {
    const places = [...this.#consumers.values()];
    return places.flatMap(({ consumer, partition }) =>
      consumer.unacked.flatMap((sequence) => this.stream(partition).at(sequence) ?? []),
    );
  }

  /** Stores a message; nothing when `expected` is not the last sequence on its subject, or no stream takes the subject. */
  store(subject: string, data: Uint8Array, expected?: number): number | undefined {
    const partition = this.subjects.partitionOfSubject(subject);
    return partition === undefined
      ? undefined
      : this.stream(partition).store(subject, data, expected);
  }

  /** Removes the messages on a subject up to and including a sequence. */
  remove(subject: string, upTo: number): void {
    const partition = this.subjects.partitionOfSubject(subject);
    if (partition !== undefined) this.stream(partition).remove(subject, upTo);
  }

  /** Does something later, in place of what was ordered under this name before. */
  schedule(name: string, delayMs: number, call: () => void): void {
    this.#schedules.get(name)?.();
    const cancel = this.clock.after(Math.max(0, delayMs), () => {
      this.#schedules.delete(name);
      call();
    });
    this.#schedules.set(name, cancel);
  }

  /** The messages on one subject, in order. */
  on(subject: string): readonly Stored[] {
    const partition = this.subjects.partitionOfSubject(subject);
    return partition === undefined ? [] : this.stream(partition).on(subject);
  }

  stream(partition: number): MemoryStream {
    const stream = this.streams[partition];
    if (stream === undefined) throw new RangeError(`There is no partition ${partition}.`);
    return stream;
  }

  follow(subject: string, onFrame: (frame: Stored) => void): () => void {
    const followers = this.#followers.get(subject) ?? new Set();
    followers.add(onFrame);
    this.#followers.set(subject, followers);
    return () => followers.delete(onFrame);
  }

  hintPlace(onHint: (data: Uint8Array) => void): string {
    const place = `_INBOX.memory.${++this.#hintPlaces}`;
    this.hints.set(place, onHint);
    return place;
  }

  /**
   * The consumers of these queues, made if they are missing.
   * @throws {@link SettingsMismatchError} when one exists with another lease than is asked for.
   */
  openConsumers(
    queues: readonly string[],
    leaseMs: number | undefined,
    kinds: readonly DeliveryKind[] = KINDS,
  ): readonly MemoryConsumer[] {
    return this.streams.flatMap(({ partition }) =>
      queues.flatMap((queue) =>
        kinds.map((kind) => this.#openConsumer({ partition, kind, queue }, leaseMs)),
      ),
    );
  }

  placeOf(consumer: MemoryConsumer): Place {
    for (const place of this.#consumers.values()) if (place.consumer === consumer) return place;
    throw new RangeError("No such consumer");
  }

  leaseIdOf(consumer: MemoryConsumer, sequence: number): string {
    const { partition, kind, queue } = this.placeOf(consumer);
    return `${partition}/${kind}/${queue}/${sequence}`;
  }

  renew(leaseId: string, sequence: number): void {
    const name = leaseId.slice(0, leaseId.lastIndexOf("/"));
    this.#consumers.get(name)?.consumer.renew(sequence);
  }

  #openConsumer(place: Omit<Place, "consumer">, leaseMs: number | undefined): MemoryConsumer {
    const { partition, kind, queue } = place;
    const name = `${partition}/${kind}/${queue}`;
    const found = this.#consumers.get(name)?.consumer;
    if (found !== undefined) {
      if (leaseMs === undefined || leaseMs === found.leaseMs) return found;
      throw new SettingsMismatchError(
        `Queue ${queue} (${kind})`,
        [`its lease is ${found.leaseMs} ms, asked for ${leaseMs} ms`],
        "Serve it without a lease option to take the queue's own.",
      );
    }
    const stream = this.stream(partition);
    const prefix = this.subjects.queue(partition, kind, queue).slice(0, -">".length);
    const consumer = new MemoryConsumer({
      ...place,
      leaseMs: leaseMs ?? DEFAULT_LEASE_MS,
      clock: this.clock,
      next: (after) => stream.nextUnder(prefix, after),
      last: () => stream.lastSequence,
      read: (sequence) => stream.at(sequence),
    });
    this.#consumers.set(name, { ...place, consumer });
    return consumer;
  }

  #onStored(message: Stored): void {
    for (const { consumer, partition } of this.#consumers.values()) {
      if (partition === message.partition) consumer.dispatch();
    }
    const followers = this.#followers.get(message.subject);
    if (followers === undefined || this.faults.losesHint?.() === true) return;
    for (const tell of followers) tell(message);
  }
}

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly namespace: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  /** How long a message is under way, each way. */
  readonly latencyMs: (() => number) | undefined;
}

/** Takes a question to whoever answers it, and gives the answer or refusal back at the broker; false: it is gone. */
export type Respond = (question: Uint8Array, back: (answer: Answer) => void) => boolean;

export type Answer =
  | { readonly status: "answered"; readonly data: Uint8Array }
  | { readonly status: "refused"; readonly refusal: Refusal };

/** Who answers when others ask after a worker's runs. */
interface Respondent {
  answer(held: HeldRun): "held" | "gone" | "silent";
}

export interface Place {
  readonly partition: number;
  readonly kind: DeliveryKind;
  readonly queue: string;
  readonly consumer: MemoryConsumer;
}

/** As on the real broker. */
const DEFAULT_LEASE_MS = 5_000;

const KINDS: readonly DeliveryKind[] = ["new", "in"];
