import type { NatsConnection } from "@nats-io/nats-core";
import { checkToken } from "../engine/names.ts";
import { subjectCovers } from "../engine/subject-match.ts";
import { BrokerError, ConnectionClosedError, InvalidOptionError } from "../engine/usage-errors.ts";
import type { ControlStore } from "../ports/control-store.ts";
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
import type { AckRequests } from "./ack-requests.ts";
import { filtersOf, listBusConsumers, removeBusConsumer } from "./bus-consumer.ts";
import { headerBlock } from "./bus-headers.ts";
import { BusPull } from "./bus-pull.ts";
import { messageOf, scanStream } from "./bus-scan.ts";
import { busStreamNames, retentionConfig, retentionOf } from "./bus-streams.ts";
import { captureSubject } from "./capture-subject.ts";
import { jsRequest } from "./js-request.ts";
import type { LeaderReads } from "./leader-reads.ts";
import type { Mux } from "./mux.ts";
import { streamInfo } from "./open-stream.ts";
import type { Publisher, StoreOutcome } from "./publisher.ts";
import { send } from "./send.ts";
import type { StreamInfo } from "./stream-settings.ts";

/** The streams beside the log on JetStream. */
export class JetStreamBus implements MessageBus {
  readonly streams: MessageBus["streams"];
  readonly #parts: JetStreamBusParts;

  constructor(parts: JetStreamBusParts) {
    this.streams = busStreamNames(parts.namespace);
    this.#parts = parts;
  }

  async publish(message: NewMessage): Promise<Published> {
    const outcome = await this.#store(message);
    if (outcome.status === "written") {
      const { stream, sequence, isDuplicate } = outcome;
      return { stream, sequence, isDuplicate };
    }
    throw this.#unconfirmed(message.subject, outcome);
  }

  publishIf(message: NewMessage, expected: number): Promise<WriteOutcome> {
    return this.#store(message, [["Nats-Expected-Last-Subject-Sequence", String(expected)]]);
  }

  tell(message: NewMessage): void {
    checkNewMessage(message);
    const headers = headerBlock(linesOf(message));
    send(this.#parts.connection, message.subject, message.data, headers && { headers });
  }

  async order(order: MessageOrder): Promise<void> {
    checkMessageOrder(order);
    const outcome = await this.#store(order, [
      ["Nats-Schedule", `@at ${new Date(Math.ceil(order.at)).toISOString()}`],
      ["Nats-Schedule-Target", order.target],
    ]);
    if (outcome.status !== "written") throw this.#unconfirmed(order.subject, outcome);
  }

  async now(): Promise<number> {
    const { ts } = (await this.#info(this.streams.ingress)) ?? {};
    if (ts !== undefined) return Date.parse(ts);
    throw new BrokerError("The broker does not tell its time: there is no ingress stream.");
  }

  async withdraw(subject: string): Promise<void> {
    checkNewMessage({ subject });
    await this.#request(`STREAM.PURGE.${this.streams.ingress}`, { filter: subject });
  }

  async streamOf(subject: string): Promise<string | undefined> {
    checkFilter("A subject", subject);
    const found = await this.#request<StreamPage>("STREAM.LIST", { subject });
    // Those that overlap with it are listed, too.
    return found?.streams?.find(({ config }) =>
      config.subjects?.some((held) => subjectCovers(held, subject)),
    )?.config.name;
  }

  async capture(subject: string): Promise<void> {
    checkFilter("A subject", subject);
    const stream = this.streams.captured;
    await captureSubject({ ...this.#parts, stream }, subject);
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    const { leaseMs = DEFAULT_LEASE_MS, maxHeld = DEFAULT_MAX_HELD } = options;
    checkToken("A consumer", options.consumer);
    for (const filter of options.filters) checkFilter("A filter", filter);
    const info = await this.#info(options.stream);
    if (info === undefined) throw new BrokerError(`There is no stream ${options.stream}.`);
    const isWorkQueue = info.config.retention === "workqueue";
    const { from = "beginning" } = options;
    if (isWorkQueue && from !== "beginning") {
      throw new InvalidOptionError("from", from, "a work queue is read from the beginning");
    }
    const createdAt = info.created;
    const pull = new BusPull({ ...this.#parts, options, leaseMs, maxHeld, isWorkQueue, createdAt });
    await pull.start();
    return pull;
  }

  forget(stream: string, consumer: string): Promise<void> {
    return removeBusConsumer(this.#parts.connection, stream, consumer);
  }

  async consumers(stream: string): Promise<readonly BusConsumer[]> {
    const listed = await listBusConsumers(this.#parts.connection, stream);
    return listed.map((info) => ({
      name: info.name,
      filters: filtersOf(info),
      waiting: info.num_pending,
      handedOut: info.num_ack_pending,
    }));
  }

  async extent(stream: string): Promise<BusExtent | undefined> {
    const info = await this.#info(stream);
    if (info === undefined) return undefined;
    const { first_seq: first, last_seq: last, messages, bytes } = info.state;
    return { createdAt: Date.parse(info.created), first, last, messages, bytes };
  }

  read(stream: string, sequence: number): Promise<BusMessage | undefined> {
    return this.#get(stream, { seq: sequence });
  }

  last(stream: string, subject: string): Promise<BusMessage | undefined> {
    return this.#get(stream, { last_by_subj: subject });
  }

  async *scan(stream: string, options: ScanOptions): AsyncIterable<readonly BusMessage[]> {
    const upTo = (await this.extent(stream))?.last ?? 0;
    yield* scanStream({ ...this.#parts, stream }, upTo, options);
  }

  async subjects(stream: string, filter: string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { subjects_filter: filter, offset: counts.size };
      const info = await this.#request<StreamInfo & SubjectPage>(`STREAM.INFO.${stream}`, query, [
        NO_STREAM,
      ]);
      const found = Object.entries(info?.state.subjects ?? {});
      for (const [subject, count] of found) counts.set(subject, count);
      if (found.length === 0 || counts.size >= (info?.total ?? 0)) break;
    }
    return counts;
  }

  async remove(stream: string, sequence: number): Promise<void> {
    const call = `STREAM.MSG.DELETE.${stream}`;
    await this.#request(call, { seq: sequence, no_erase: true }, [...NO_MESSAGE, NO_STREAM]);
  }

  async retention(): Promise<EventRetention> {
    return retentionOf((await this.#events()).config);
  }

  async retain(retention: EventRetention): Promise<void> {
    checkRetention(retention);
    const { config } = await this.#events();
    const changed = { ...config, ...retentionConfig(retention) };
    await this.#request(`STREAM.UPDATE.${this.streams.events}`, changed);
  }

  async #events(): Promise<StreamInfo> {
    const info = await this.#info(this.streams.events);
    if (info !== undefined) return info;
    throw new BrokerError(`There is no stream ${this.streams.events}. Connect again to make it.`);
  }

  async #get(stream: string, query: object): Promise<BusMessage | undefined> {
    const raw = await this.#parts.leader.get(stream, query);
    return raw && messageOf(stream, raw);
  }

  async #store(
    message: NewMessage,
    lines: readonly (readonly [string, string])[] = [],
  ): Promise<StoreOutcome> {
    checkNewMessage(message);
    const headers = headerBlock([...lines, ...linesOf(message)]);
    return await this.#parts.publisher.store(message.subject, message.data, headers);
  }

  #unconfirmed(subject: string, outcome: StoreOutcome): Error {
    if (this.#parts.closed.aborted) return new ConnectionClosedError(`publishing on ${subject}`);
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    return new BrokerError(
      `A message on ${subject} was not confirmed: no stream holds that subject, or the broker did not answer. It may be stored; send it again with the same id.`,
      { cause },
    );
  }

  #info(stream: string): Promise<StreamInfo | undefined> {
    return streamInfo(this.#parts.connection, stream);
  }

  #request<T>(call: string, body: object, absent?: readonly number[]): Promise<T | undefined> {
    return jsRequest<T>(this.#parts.connection, call, body, absent);
  }
}

export interface JetStreamBusParts {
  readonly connection: NatsConnection;
  readonly namespace: string;
  readonly replicas: number;
  readonly mux: Mux;
  readonly publisher: Publisher;
  readonly leader: LeaderReads;
  readonly control: ControlStore;
  readonly acks: AckRequests;
  readonly onReconnect: (call: () => void) => () => void;
  readonly onTrouble: (error: unknown) => void;
  readonly closed: AbortSignal;
}

interface StreamPage {
  readonly streams?: readonly StreamInfo[];
}

interface SubjectPage {
  readonly total?: number;
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

const NO_STREAM = 10_059;
/** It is beyond what was ever stored, or was removed before. */
const NO_MESSAGE = [10_057, 10_043];
const DEFAULT_LEASE_MS = 10_000;
const DEFAULT_MAX_HELD = 256;
/** Of 100,000 subjects each. */
const MAX_PAGES = 100;

function* linesOf({ headers, id }: NewMessage): Iterable<readonly [string, string]> {
  if (id !== undefined) yield ["Nats-Msg-Id", id];
  yield* Object.entries(headers ?? {});
}
