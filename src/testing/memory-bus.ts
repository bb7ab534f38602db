import { checkToken } from "../engine/names.ts";
import { subjectCovers } from "../engine/subject-match.ts";
import { BrokerError, InvalidOptionError } from "../engine/usage-errors.ts";
import type {
  BusConsumer,
  BusExtent,
  BusMessage,
  ConsumeOptions,
  Consumption,
  EventRetention,
  MessageBus,
  MessageOrder,
  NewMessage,
  Published,
  ScanOptions,
} from "../ports/message-bus.ts";
import type { WriteOutcome } from "../ports/run-log.ts";
import {
  checkFilter,
  checkMessageOrder,
  checkNewMessage,
  checkRetention,
} from "../wire/bus-message-rules.ts";
import type { MemoryBusStore } from "./memory-bus-store.ts";
import type { StoredAnew } from "./memory-bus-stream.ts";
import { MemoryConsumption } from "./memory-consumption.ts";
import type { MemoryWrite } from "./memory-faults.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryProcess } from "./memory-process.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The streams beside the log as one connection sees them. */
export class MemoryBus implements MessageBus {
  readonly streams: MessageBus["streams"];
  readonly #broker: MemoryStore;
  readonly #process: MemoryProcess;
  readonly #link: MemoryLink;
  readonly #consumptions = new Set<MemoryConsumption>();

  constructor(broker: MemoryStore, process: MemoryProcess, link: MemoryLink) {
    this.streams = broker.bus.names;
    this.#broker = broker;
    this.#process = process;
    this.#link = link;
  }

  async publish(message: NewMessage): Promise<Published> {
    const outcome = await this.#store(message);
    if (outcome.status === "written") {
      const { stream, sequence, isDuplicate } = outcome;
      return { stream, sequence, isDuplicate };
    }
    throw unconfirmed(message.subject, outcome);
  }

  publishIf(message: NewMessage, expected: number): Promise<WriteOutcome> {
    return this.#store(message, expected);
  }

  tell(message: NewMessage): void {
    checkNewMessage(message);
    const stored = asStored(message);
    this.#link.send(() => {
      if (this.#bus.streamHolding(message.subject) !== undefined) this.#bus.store(stored);
    });
  }

  async order(order: MessageOrder): Promise<void> {
    checkMessageOrder(order);
    const stored = asStored(order);
    const outcome = await this.#write("order", order.data, () => ({
      sequence: this.#bus.order(stored, order.target, order.at),
      stream: this.streams.ingress,
      isDuplicate: false,
    }));
    if (outcome.status !== "written") throw unconfirmed(order.subject, outcome);
  }

  now(): Promise<number> {
    return this.#ask(() => this.#broker.clock.now());
  }

  async withdraw(subject: string): Promise<void> {
    checkNewMessage({ subject });
    await this.#ask((bus) => bus.withdraw(subject));
  }

  async streamOf(subject: string): Promise<string | undefined> {
    checkFilter("A subject", subject);
    return await this.#ask((bus) => bus.streamHolding(subject)?.name);
  }

  async capture(subject: string): Promise<void> {
    checkFilter("A subject", subject);
    await this.#ask((bus) => bus.capture(subject));
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    checkToken("A consumer", options.consumer);
    for (const filter of options.filters) checkFilter("A filter", filter);
    const consumption = new MemoryConsumption(this.#bus, this.#link, options, () =>
      this.#consumptions.delete(consumption),
    );
    await this.#ask((bus) => {
      const { from = "beginning" } = options;
      const stream = bus.streamThatMustBe(options.stream);
      if (stream.isWorkQueue && from !== "beginning") {
        throw new InvalidOptionError("from", from, "a work queue is read from the beginning");
      }
      const before = stream.messages().findLast(({ storedAt }) => storedAt < Number(from));
      const after = typeof from === "number" ? (before?.sequence ?? 0) : 0;
      consumption.begin(from === "now" ? undefined : after);
    });
    this.#consumptions.add(consumption);
    return consumption;
  }

  forget(stream: string, consumer: string): Promise<void> {
    return this.#ask((bus) => bus.forget(stream, consumer));
  }

  consumers(stream: string): Promise<readonly BusConsumer[]> {
    return this.#ask((bus) => [...bus.consumers(stream)].map(({ report }) => report));
  }

  extent(stream: string): Promise<BusExtent | undefined> {
    return this.#ask((bus) => bus.stream(stream)?.extent);
  }

  read(stream: string, sequence: number): Promise<BusMessage | undefined> {
    return this.#ask((bus) => bus.stream(stream)?.at(sequence));
  }

  last(stream: string, subject: string): Promise<BusMessage | undefined> {
    return this.#ask((bus) => bus.stream(stream)?.on(subject).at(-1));
  }

  async *scan(stream: string, options: ScanOptions): AsyncIterable<readonly BusMessage[]> {
    const { maxBatch = DEFAULT_BATCH } = options;
    const found = await this.#ask((bus) =>
      (bus.stream(stream)?.messages() ?? []).filter((message) => isScanned(message, options)),
    );
    for (let at = 0; at < found.length; at += maxBatch) yield found.slice(at, at + maxBatch);
  }

  subjects(stream: string, filter: string): Promise<ReadonlyMap<string, number>> {
    return this.#ask((bus) => {
      const counts = new Map<string, number>();
      for (const { subject } of bus.stream(stream)?.messages() ?? []) {
        if (subjectCovers(filter, subject)) counts.set(subject, (counts.get(subject) ?? 0) + 1);
      }
      return counts;
    });
  }

  remove(stream: string, sequence: number): Promise<void> {
    return this.#ask((bus) => bus.stream(stream)?.remove(sequence));
  }

  retention(): Promise<EventRetention> {
    return this.#ask((bus) => bus.streamThatMustBe(this.streams.events).retention);
  }

  async retain(retention: EventRetention): Promise<void> {
    checkRetention(retention);
    await this.#ask((bus) => {
      bus.streamThatMustBe(this.streams.events).retention = retention;
    });
  }

  /** The connection was lost and is there again. */
  renew(): void {
    for (const consumption of this.#consumptions) consumption.renew();
  }

  /** The process goes on after it was stopped. */
  goOn(): void {
    for (const consumption of this.#consumptions) consumption.goOn();
  }

  /** Nobody hands anything to a process that is gone. */
  leave(): void {
    for (const consumption of this.#consumptions) consumption.leave();
  }

  get #bus(): MemoryBusStore {
    return this.#broker.bus;
  }

  async #ask<T>(atBroker: (bus: MemoryBusStore) => T): Promise<T> {
    const answer = await this.#link.ask<{ readonly value: T } | { readonly error: unknown }>(
      () => {
        try {
          return { value: atBroker(this.#bus) };
        } catch (error) {
          return { error };
        }
      },
      (cause) => ({ error: lost(cause) }),
    );
    if ("error" in answer) throw answer.error;
    return answer.value;
  }

  async #store(message: NewMessage, expected?: number): Promise<MemoryOutcome> {
    checkNewMessage(message);
    const stored = asStored(message);
    return await this.#write("publish", stored.data, () => this.#bus.store(stored, expected));
  }

  #write(
    kind: MemoryWrite["kind"],
    data: Uint8Array,
    store: () => Stored | undefined,
  ): Promise<MemoryOutcome> {
    const write: MemoryWrite = { process: this.#process, kind, runId: undefined, data };
    return this.#link.ask<MemoryOutcome>(
      () => this.#meet(write, store),
      (cause) => ({ status: "unknown", cause }),
    );
  }

  /** The write arrives at the broker, and meets whatever goes wrong there. */
  #meet(write: MemoryWrite, store: () => Stored | undefined): MemoryOutcome | "unanswered" {
    const { faults, clock } = this.#broker;
    const fate = faults.beforeWrite?.(write) ?? "stored";
    if (this.#link.state === "crashed") return "unanswered";
    if (fate === "not stored") return { status: "unknown", cause: new Error("Lost on its way") };
    if (typeof fate === "object") {
      clock.after(fate.lateMs, () => void store());
      return { status: "unknown", cause: new Error("Delayed on its way") };
    }
    try {
      const stored = store();
      if (stored === undefined) return { status: "conflict" };
      faults.afterWrite?.({ ...write, sequence: stored.sequence });
      if (fate === "ack lost") return { status: "unknown", cause: new Error("Its ack was lost") };
      return { status: "written", ...stored };
    } catch (cause) {
      return { status: "unknown", cause };
    }
  }
}

interface Stored {
  readonly stream: string;
  readonly sequence: number;
  readonly isDuplicate: boolean;
}

type MemoryOutcome =
  | Exclude<WriteOutcome, { readonly status: "written" }>
  | ({ readonly status: "written" } & Stored);

const DEFAULT_BATCH = 256;

function asStored({ subject, data, headers, id }: NewMessage): StoredAnew {
  const named = Object.entries(headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), [value]] as const,
  );
  const ids = id === undefined ? [] : ([["nats-msg-id", [id]]] as const);
  return { subject, data: data.slice(), headers: new Map([...ids, ...named]), id };
}

function isScanned(message: BusMessage, { after = 0, since = 0, filters }: ScanOptions): boolean {
  const { sequence, storedAt, subject } = message;
  if (sequence <= after || storedAt < since) return false;
  return filters === undefined || filters.some((filter) => subjectCovers(filter, subject));
}

function lost(cause: Error): Error {
  return cause instanceof BrokerError || "code" in cause
    ? cause
    : new BrokerError("The broker did not answer.", { cause });
}

function unconfirmed(subject: string, outcome: MemoryOutcome): Error {
  const cause = outcome.status === "unknown" ? outcome.cause : undefined;
  if (cause instanceof Error && "code" in cause && cause.code === "CONNECTION_CLOSED") return cause;
  return new BrokerError(`A message on ${subject} was not confirmed. Send it again.`, { cause });
}
