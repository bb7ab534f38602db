import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import type { BusDelivery, ConsumeOptions, Consumption } from "../ports/message-bus.ts";
import type { AckRequests } from "./ack-requests.ts";
import { type AckSubject, readAckSubject } from "./ack-subject.ts";
import { openBusConsumer, type WantedConsumer } from "./bus-consumer.ts";
import { headersOf } from "./bus-headers.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { streamInfo } from "./open-stream.ts";
import { send } from "./send.ts";

/**
 * Pulls the messages of one consumer, no more than may be in this process's hands, in requests that the broker forgets after
 * 10 s. A consumer that is gone is made again at the first message that may not be acked.
 */
export class BusPull implements Consumption {
  readonly #parts: BusPullParts;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #stopWatching: () => void;
  /** When each request was made that may still be open, oldest first, by its id. */
  readonly #open = new Map<string, number>();
  #lastPull = 0;
  /** Messages that were asked for and may still come. */
  #outstanding = 0;
  /** Messages that came, and were neither acked nor given back. */
  #held = 0;
  #lastSignAt = 0;
  #pausedUntil = 0;
  #renewing = false;
  #stopped = false;
  /** Everything up to this sequence is acked, as far as it is known. */
  #floor = 0;
  /** When the stream was made that this sequence is of. */
  #createdAt: string;

  constructor(parts: BusPullParts) {
    this.#parts = parts;
    this.#createdAt = parts.createdAt;
    // Messages come under the subject where they are stored, so consumers cannot share a subscription.
    this.#inbox = `${createInbox()}.`;
    this.#subscription = parts.connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#onMessage(message);
      },
    });
    const stopReconnects = parts.onReconnect(() => void this.#renew());
    const watch = setInterval(() => this.#look(), LOOK_MS).unref();
    const end = (): void => {
      this.#stopped = true;
      this.#stopWatching();
    };
    parts.closed.addEventListener("abort", end);
    this.#stopWatching = () => {
      stopReconnects();
      clearInterval(watch);
      parts.closed.removeEventListener("abort", end);
    };
  }

  /** Makes the consumer if it is missing, and begins. @throws {@link BrokerError} when the broker refuses. */
  async start(): Promise<void> {
    try {
      const { from = "beginning" } = this.#parts.options;
      await this.#openConsumer(typeof from === "number" ? { time: from } : from);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#ask();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopWatching();
    // The broker forgets the requests of an inbox that nobody reads; what is under way is given back.
    if (!this.#subscription.isClosed()) await this.#subscription.drain();
  }

  async #openConsumer(start: WantedConsumer["start"]): Promise<void> {
    const { connection, options, leaseMs } = this.#parts;
    const { stream, consumer: name, filters } = options;
    const info = await openBusConsumer(connection, { stream, name, filters, leaseMs, start });
    this.#floor = info.ack_floor.stream_seq;
  }

  #ask(): void {
    const room = this.#parts.maxHeld - this.#held - this.#outstanding;
    const isWorthIt = room >= this.#parts.maxHeld * ASK_SHARE || this.#outstanding === 0;
    if (this.#stopped || this.#renewing || room <= 0 || !isWorthIt) return;
    const now = monotonicMs();
    if (now < this.#pausedUntil) return;
    if (this.#open.size === 0) this.#lastSignAt = now;
    const id = (++this.#lastPull).toString(36);
    this.#open.set(id, now);
    this.#outstanding += room;
    const { connection, options } = this.#parts;
    const request = {
      batch: room,
      max_bytes: Math.max(REQUEST_BYTES, (connection.info?.max_payload ?? 0) + SUBJECT_BYTES),
      expires: EXPIRES_MS * NANOSECONDS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOSECONDS_PER_MS,
    };
    const call = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    send(connection, call, JSON.stringify(request), { reply: this.#inbox + id });
  }

  #onMessage(message: Msg): void {
    this.#lastSignAt = monotonicMs();
    // Only messages of the stream carry a reply: it is where their ack goes.
    const ack = message.reply ? readAckSubject(message.reply) : undefined;
    if (ack === undefined) return this.#onStatus(message);
    this.#outstanding = Math.max(0, this.#outstanding - 1);
    if (this.#outstanding === 0) this.#open.clear();
    if (this.#stopped) return send(this.#parts.connection, message.reply ?? "", "-NAK");
    this.#held++;
    this.#parts.options.onMessage(this.#delivery(message, ack));
  }

  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100 || !this.#open.delete(message.subject.slice(this.#inbox.length))) return;
    // A request that ends early says how many messages it still had coming.
    const unused = Number(message.headers?.get("Nats-Pending-Messages"));
    this.#outstanding = Math.max(0, this.#outstanding - (unused > 0 ? unused : this.#outstanding));
    if (this.#outstanding === 0) this.#open.clear();
    const description = message.headers?.description ?? "";
    if (code === 503 || /deleted|not found|leadership/i.test(description)) {
      void this.#renew();
      return;
    }
    const isSound = code === 404 || code === 408 || REACHED_LIMIT.test(description);
    if (!isSound) this.#pausedUntil = monotonicMs() + BACKOFF_MS;
    this.#ask();
  }

  #delivery(message: Msg, ack: AckSubject): BusDelivery {
    const { connection, options, acks } = this.#parts;
    const reply = message.reply ?? "";
    let isHeld = true;
    const letGo = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#held--;
      this.#ask();
    };
    return {
      stream: options.stream,
      sequence: ack.sequence,
      subject: message.subject,
      data: message.data,
      headers: headersOf(message.headers),
      storedAt: Math.trunc(ack.storedAtMs),
      deliveries: ack.delivered,
      ack: () => {
        const confirmed = acks.confirm(reply);
        letGo();
        return confirmed;
      },
      giveBack: (delayMs = 0) => {
        const delay = Math.round(delayMs) * NANOSECONDS_PER_MS;
        send(connection, reply, delay > 0 ? `-NAK ${JSON.stringify({ delay })}` : "-NAK");
        letGo();
      },
      keep: () => send(connection, reply, "+WPI"),
    };
  }

  #look(): void {
    const isSilent = this.#open.size > 0 && monotonicMs() - this.#lastSignAt > SILENCE_MS;
    if (isSilent) void this.#renew();
    else this.#ask();
  }

  /** The connection was lost, or the consumer may be gone: look at it again. */
  async #renew(): Promise<void> {
    if (this.#renewing || this.#stopped) return;
    this.#renewing = true;
    this.#open.clear();
    this.#outstanding = 0;
    while (!this.#stopped) {
      try {
        await this.#openConsumer(await this.#placeToGoOn());
        break;
      } catch (error) {
        this.#parts.onTrouble(error);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS).unref());
      }
    }
    this.#renewing = false;
    this.#ask();
  }

  /** A work queue keeps what is not acked: there only everything is allowed, and right. So it is in a stream that is another one. */
  async #placeToGoOn(): Promise<"beginning" | number> {
    const { connection, options, isWorkQueue } = this.#parts;
    if (isWorkQueue) return "beginning";
    const { created = this.#createdAt } = (await streamInfo(connection, options.stream)) ?? {};
    if (created !== this.#createdAt) this.#floor = 0;
    this.#createdAt = created;
    return this.#floor === 0 ? "beginning" : this.#floor + 1;
  }
}

export interface BusPullParts {
  readonly connection: NatsConnection;
  readonly options: ConsumeOptions;
  readonly leaseMs: number;
  readonly maxHeld: number;
  /** The stream forgets what is acked. */
  readonly isWorkQueue: boolean;
  /** When the stream was made, as the broker says it. */
  readonly createdAt: string;
  readonly acks: AckRequests;
  readonly onReconnect: (call: () => void) => () => void;
  readonly onTrouble: (error: unknown) => void;
  /** The connection's end. */
  readonly closed: AbortSignal;
}

const NANOSECONDS_PER_MS = 1_000_000;
/**
 * Messages are handed for so long to a process that stands still: no longer than the default lease. An idle process asks as
 * seldom.
 */
const EXPIRES_MS = 10_000;
/** A request that is open is silent for longer than twice this only when it is lost, with the consumer's leader perhaps. */
const HEARTBEAT_MS = 2_000;
const SILENCE_MS = 5_000;
const LOOK_MS = 1_000;
const BACKOFF_MS = 250;
/** Fewer than this share are asked for only when nothing else is to come. */
const ASK_SHARE = 0.25;
/**
 * A server drops the connection of a client that leaves more than 64 MiB unread. A message that is larger than its request
 * would never come.
 */
const REQUEST_BYTES = 2_097_152;
const SUBJECT_BYTES = 65_536;
const REACHED_LIMIT = /exceeds maxbytes|batch completed/i;
