import { subjectsMeet, withSubject } from "../engine/subject-match.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { Clock } from "../ports/clock.ts";
import { DEFAULT_EVENT_RETENTION, type MessageBus } from "../ports/message-bus.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import { MemoryBusConsumer } from "./memory-bus-consumer.ts";
import {
  MemoryBusStream,
  type MemoryBusStreamOptions,
  type Placed,
  type StoredAnew,
} from "./memory-bus-stream.ts";

/** The streams beside the log, as all connections see them: with their consumers, and what was ordered for later. */
export class MemoryBusStore {
  readonly names: MessageBus["streams"];
  readonly #clock: Clock;
  readonly #streams = new Map<string, MemoryBusStream>();
  readonly #consumers = new Map<string, Map<string, MemoryBusConsumer>>();
  /** How to take back what was ordered, by the order's subject. */
  readonly #orders = new Map<string, () => void>();

  constructor(clock: Clock, namespace: string) {
    this.#clock = clock;
    const name = (stream: string): string => `MR_${namespace}_${stream}`;
    this.names = {
      published: name("published"),
      ingress: name("ingress"),
      events: name("events"),
      captured: name("captured"),
    };
    const { published, ingress, events } = new BusSubjects(namespace).ofStreams;
    this.add({ name: this.names.published, subjects: published, isWorkQueue: true });
    this.add({ name: this.names.ingress, subjects: ingress, isWorkQueue: true });
    const retention = DEFAULT_EVENT_RETENTION;
    this.add({ name: this.names.events, subjects: events, retention });
  }

  /** Makes a stream. @throws {@link BrokerError} when another holds one of its subjects. */
  add(options: Omit<MemoryBusStreamOptions, "now">): MemoryBusStream {
    this.#refuseOverlap(options.name, options.subjects);
    const stream = new MemoryBusStream({ ...options, now: () => this.#clock.now() });
    this.#streams.set(stream.name, stream);
    return stream;
  }

  stream(name: string): MemoryBusStream | undefined {
    return this.#streams.get(name);
  }

  /** @throws {@link BrokerError} */
  streamThatMustBe(name: string): MemoryBusStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new BrokerError(`There is no stream ${name}.`);
    return stream;
  }

  streamHolding(subject: string): MemoryBusStream | undefined {
    for (const stream of this.#streams.values()) if (stream.holds(subject)) return stream;
    return undefined;
  }

  capture(subject: string): void {
    const name = this.names.captured;
    const held = this.#streams.get(name);
    const subjects = withSubject(held?.subjects ?? [], subject);
    this.#refuseOverlap(name, subjects);
    if (held === undefined) this.add({ name, subjects, retention: CAPTURED });
    else held.subjects = subjects;
  }

  /** Stores a message where its subject belongs; nothing when `expected` is not the last sequence there. */
  store(
    message: StoredAnew,
    expected?: number,
  ): (Placed & { readonly stream: string }) | undefined {
    const stream = this.streamHolding(message.subject);
    if (stream === undefined) throw new BrokerError(`No stream holds ${message.subject}.`);
    const placed = stream.store(message, expected);
    if (placed === undefined) return undefined;
    for (const consumer of this.consumers(stream.name)) consumer.dispatch();
    return { ...placed, stream: stream.name };
  }

  /** Stores a message on `target` at its time, in place of what was ordered on this subject before. */
  order(message: StoredAnew, target: string, at: number): number {
    const { subject, headers } = message;
    const stream = this.streamThatMustBe(this.names.ingress);
    if (!stream.holds(subject) || !stream.holds(target)) {
      throw new BrokerError(`Stream ${stream.name} does not hold ${subject} and ${target}.`);
    }
    this.withdraw(subject);
    const placed = this.store({
      ...message,
      headers: new Map([
        ...headers,
        ["nats-schedule", [`@at ${new Date(at).toISOString()}`]],
        ["nats-schedule-target", [target]],
      ]),
    });
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.withdraw(subject);
      const told = new Map([...headers, ["nats-scheduler", [subject]]] as const);
      this.store({ ...message, id: undefined, subject: target, headers: told });
    });
    this.#orders.set(subject, cancel);
    return placed?.sequence ?? 0;
  }

  withdraw(subject: string): void {
    this.#orders.get(subject)?.();
    this.#orders.delete(subject);
    this.streamHolding(subject)?.purge(subject);
  }

  consumers(stream: string): Iterable<MemoryBusConsumer> {
    return this.#consumers.get(stream)?.values() ?? [];
  }

  /** The consumer, made if it is missing. @throws {@link BrokerError} when a work queue's filters would overlap. */
  openConsumer(wanted: WantedMemoryConsumer): MemoryBusConsumer {
    const { name, filters, leaseMs, after } = wanted;
    const stream = this.streamThatMustBe(wanted.stream);
    const others = this.#consumers.get(stream.name) ?? new Map<string, MemoryBusConsumer>();
    this.#consumers.set(stream.name, others);
    if (stream.isWorkQueue) refuseShared(name, filters, others.values());
    const found = others.get(name);
    if (found !== undefined) {
      Object.assign(found, { filters, leaseMs });
      return found;
    }
    const start = after ?? stream.last;
    const clock = this.#clock;
    const made = new MemoryBusConsumer({ name, filters, leaseMs, stream, clock, after: start });
    others.set(name, made);
    return made;
  }

  forget(stream: string, consumer: string): void {
    const found = this.#consumers.get(stream)?.get(consumer);
    this.#consumers.get(stream)?.delete(consumer);
    found?.end();
  }

  lapseLeases(): void {
    for (const consumers of this.#consumers.values()) {
      for (const consumer of consumers.values()) consumer.lapseAll();
    }
  }

  #refuseOverlap(name: string, subjects: readonly string[]): void {
    for (const other of this.#streams.values()) {
      if (other.name === name) continue;
      const met = other.subjects.find((held) => subjects.some((one) => subjectsMeet(one, held)));
      if (met === undefined) continue;
      throw new BrokerError(
        `Stream ${other.name} holds ${met}: subjects of streams never overlap.`,
      );
    }
  }
}

export interface WantedMemoryConsumer {
  readonly stream: string;
  readonly name: string;
  readonly filters: readonly string[];
  readonly leaseMs: number;
  /** Where one that is made now begins; nothing for what comes from now on. */
  readonly after: number | undefined;
}

const CAPTURED = Object.freeze({ maxAgeMs: 86_400_000, maxBytes: 0 });

function refuseShared(
  name: string,
  filters: readonly string[],
  others: Iterable<MemoryBusConsumer>,
): void {
  for (const other of others) {
    if (other.name === name) continue;
    if (!other.filters.some((held) => filters.some((one) => subjectsMeet(one, held)))) continue;
    throw new BrokerError(`Consumer ${other.name} of this work queue has such filters already.`);
  }
}
