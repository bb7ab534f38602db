import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { jsRequest } from "./js-request.ts";
import { send } from "./send.ts";

/** A consumer of one stream for one reader: in memory, without acks, removed by the broker when nobody reads it. */
export class FeedConsumer {
  /** Messages that were asked for and may still come. */
  outstanding = 0;
  readonly #parts: FeedConsumerParts;
  readonly #name: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #lastRequest = 0;

  constructor(parts: FeedConsumerParts) {
    this.#parts = parts;
    this.#inbox = `${createInbox()}.`;
    this.#name = `feed-${this.#inbox.split(".").join("")}`;
    this.#subscription = parts.connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#onMessage(message);
      },
    });
  }

  /** Makes it on the broker, and gives how many messages wait for it. @throws {@link BrokerError} when that is refused or not confirmed. */
  async make(startSequence: number): Promise<number | undefined> {
    const { connection, stream, filters } = this.#parts;
    const config = {
      name: this.#name,
      // A filter that lets everything pass would cost the broker a search for each message.
      ...(filters === undefined ? {} : { filter_subjects: filters }),
      deliver_policy: "by_start_sequence",
      opt_start_seq: startSequence,
      ack_policy: "none",
      replay_policy: "instant",
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_MS * NANOSECONDS_PER_MS,
    };
    const body = { stream_name: stream, config, action: "create" };
    const call = `CONSUMER.CREATE.${stream}.${this.#name}`;
    const made = await jsRequest<{ num_pending: number }>(connection, call, body);
    return made?.num_pending;
  }

  ask(batch: number): void {
    const { connection, stream, expiresMs } = this.#parts;
    this.outstanding += batch;
    const request = {
      batch,
      max_bytes: Math.max(REQUEST_BYTES, (connection.info?.max_payload ?? 0) + SUBJECT_BYTES),
      expires: expiresMs * NANOSECONDS_PER_MS,
      idle_heartbeat: (expiresMs / HEARTBEATS) * NANOSECONDS_PER_MS,
    };
    send(connection, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#name}`, JSON.stringify(request), {
      reply: this.#inbox + (++this.#lastRequest).toString(36),
    });
  }

  /** Hears nothing more. Without an answer the broker removes it by itself when nobody has read it for a while. */
  remove(): void {
    const { connection, stream } = this.#parts;
    if (connection.isClosed() || connection.isDraining()) return;
    this.#subscription.unsubscribe();
    const gone = jsRequest(connection, `CONSUMER.DELETE.${stream}.${this.#name}`, undefined);
    void gone.catch(() => undefined);
  }

  #onMessage(message: Msg): void {
    // Messages of the stream come under the subject where they are stored, the broker's own remarks under the inbox.
    if (!message.subject.startsWith(this.#inbox)) {
      this.outstanding = Math.max(0, this.outstanding - 1);
      return this.#parts.onMessage(message);
    }
    const code = message.headers?.code ?? 0;
    if (code === 100) return this.#parts.onHeartbeat();
    // A request that ends early says how many messages it still had coming.
    const unused = Number(message.headers?.get("Nats-Pending-Messages"));
    this.outstanding = Math.max(0, this.outstanding - (unused > 0 ? unused : this.outstanding));
    const description = message.headers?.description ?? "";
    this.#parts.onEnd(code === 404 || code === 408 || REACHED_LIMIT.test(description));
  }
}

export interface FeedConsumerParts {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Default: everything. */
  readonly filters: readonly string[] | undefined;
  /** A request is open for so long, and gives five signs of life in that time. */
  readonly expiresMs: number;
  readonly onMessage: (message: Msg) => void;
  /** The broker still has the request, and nothing for it. */
  readonly onHeartbeat: () => void;
  /** A request ended before it had all its messages. Not sound: the consumer may be gone. */
  readonly onEnd: (isSound: boolean) => void;
}

const NANOSECONDS_PER_MS = 1_000_000;
const HEARTBEATS = 5;
/** Longer than most readers take for a batch; a consumer that is gone is made again. */
const INACTIVE_MS = 30_000;
/**
 * Two requests at a time for each reader: a server drops the connection of a client that leaves more than 64 MiB unread. A
 * message that is larger than its request would never come.
 */
const REQUEST_BYTES = 2_097_152;
const SUBJECT_BYTES = 65_536;
const REACHED_LIMIT = /exceeds maxbytes|batch completed/i;
