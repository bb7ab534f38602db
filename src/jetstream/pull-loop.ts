import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { queueOfPlace } from "../engine/priority.ts";
import type { Delivery, DeliveryKind } from "../ports/work-queue.ts";
import type { Subjects } from "../wire/subjects.ts";
import { type AckSubject, readAckSubject } from "./ack-subject.ts";
import { openConsumer, type QueueConsumer } from "./consumers.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { send } from "./send.ts";

/** Pulls one consumer's messages: as many as it is told, in requests that the broker forgets after 2 s. */
export class PullLoop {
  readonly kind: DeliveryKind;
  readonly queue: string;
  /** Which queue's runs wait here, and which of them go first: 1 before 2. */
  readonly place: { readonly queue: string; readonly rank: number };
  readonly #parts: PullParts;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  /**
   * When each request was made that may still be open, oldest first, by its id: by a clock that nobody sets, and by one that
   * goes on while the machine sleeps.
   */
  readonly #open = new Map<string, { readonly askedAt: number; readonly askedAtTime: number }>();
  #lastPull = 0;
  #consumer: QueueConsumer;
  /** While the consumer's memory is in doubt nothing counts as fresh. */
  #inDoubt = false;
  #pausedUntil = 0;
  /** When the consumer was last watched: by a request, which hears of its deletion, or by a look at it. */
  #watchedAt = monotonicMs();
  /** Messages since the last request ended. */
  #brought = 0;
  #stopped = false;
  /** Its last request brought something: it takes a share of the room, not one at a time. */
  hot = false;
  /** The last message that it brought was the last one that there was. */
  isDry = false;

  constructor(parts: PullParts, consumer: QueueConsumer) {
    this.kind = parts.kind;
    this.queue = parts.queue;
    this.place = queueOfPlace(parts.queue);
    this.#parts = parts;
    this.#consumer = consumer;
    // Messages come under the subject where they are stored, so a loop cannot share a subscription with others.
    this.#inbox = `${createInbox()}.`;
    this.#subscription = parts.connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#onMessage(message);
      },
    });
  }

  /** Messages that were asked for and may still come. The broker serves open requests in turn, so only the sum is known. */
  outstanding = 0;

  get leaseMs(): number {
    return this.#consumer.leaseMs;
  }

  /**
   * What was asked for by a request that is open for too long is not outstanding: it was answered in full, or lost. To be
   * called before `outstanding` is looked at, or a queue whose only request was lost is never asked again.
   */
  forgetLost(): void {
    const now = monotonicMs();
    for (const [id, { askedAt }] of this.#open) {
      if (askedAt + this.#expiresMs + LOST_AFTER_SHARE * this.#consumer.leaseMs >= now) return;
      this.#open.delete(id);
    }
    this.outstanding = 0;
  }

  /** Asks for so many messages, unless the consumer is being looked after. */
  ask(batch: number): void {
    const now = monotonicMs();
    if (this.#stopped || this.#inDoubt || now < this.#pausedUntil) return;
    // It may have been deleted and made again meanwhile, and would hand out the whole log as if for the first time.
    if (this.#open.size === 0 && now - this.#watchedAt > UNWATCHED_MS) {
      void this.renew();
      return;
    }
    this.#watchedAt = now;
    const id = (++this.#lastPull).toString(36);
    this.#open.set(id, { askedAt: now, askedAtTime: Date.now() });
    this.outstanding += batch;
    const { stream, name } = this.#consumer;
    send(
      this.#parts.connection,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
      JSON.stringify({ batch, expires: this.#expiresMs * 1_000_000 }),
      { reply: this.#inbox + id },
    );
  }

  get #expiresMs(): number {
    // The broker takes whole nanoseconds: a product with a fraction does not always give them.
    return Math.floor(Math.min(EXPIRES_MS, this.#consumer.leaseMs * EXPIRES_SHARE));
  }

  /** The connection was lost, or the consumer is gone: look at it again before anything counts as fresh. */
  async renew(): Promise<void> {
    if (this.#inDoubt || this.#stopped) return;
    this.#inDoubt = true;
    this.#forgetAll();
    for (let tries = 0; !this.#stopped; tries++) {
      try {
        const { connection, subjects, partition, kind, queue } = this.#parts;
        const place = { partition, kind, queue, leaseMs: this.#consumer.leaseMs };
        this.#consumer = await openConsumer(connection, subjects, place);
        this.#inDoubt = false;
        this.#watchedAt = monotonicMs();
        this.#parts.onRoom();
        return;
      } catch (error) {
        if (tries % TRIES_PER_TROUBLE === 0) this.#parts.onTrouble(error);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS).unref());
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when nothing comes any more: the broker forgets the requests of an inbox that nobody reads. */
  async drained(): Promise<void> {
    if (!this.#subscription.isClosed()) await this.#subscription.drain();
  }

  #onMessage(message: Msg): void {
    // Only messages of the stream carry a reply: it is where their ack goes.
    const ack = message.reply ? readAckSubject(message.reply) : undefined;
    this.#watchedAt = monotonicMs();
    if (ack === undefined) return this.#onStatus(message);
    this.hot = true;
    this.isDry = ack.pending === 0;
    this.#brought++;
    const fresh = this.#isFresh(ack);
    this.outstanding = Math.max(0, this.outstanding - 1);
    if (this.outstanding === 0) this.#forgetAll();
    this.#deliver(message, ack, fresh);
  }

  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100 || !this.#open.delete(message.subject.slice(this.#inbox.length))) return;
    // A request that ends early says how many messages it still had coming.
    const unused = Number(message.headers?.get("Nats-Pending-Messages"));
    this.outstanding = Math.max(0, this.outstanding - (unused > 0 ? unused : this.outstanding));
    if (this.outstanding === 0) this.#forgetAll();
    if (this.#brought === 0) this.hot = false;
    this.#brought = 0;
    const description = message.headers?.description ?? "";
    if (code === 503 || /deleted|not found/i.test(description)) {
      void this.renew();
      return;
    }
    if (code !== 404 && code !== 408) this.#pausedUntil = monotonicMs() + BACKOFF_MS;
    this.#parts.onRoom();
  }

  #forgetAll(): void {
    this.#open.clear();
    this.outstanding = 0;
  }

  /**
   * Nobody can have had the message before: it was stored after the consumer's memory was last known to be whole, and its
   * lease cannot have run out on the way here, even if this process was stopped meanwhile. And a submission has not waited
   * so long that somebody may well have cancelled it; an input may, or a worker with a backlog would exchange it for one
   * that waits as long, without end.
   */
  #isFresh(ack: AckSubject): boolean {
    const { leaseMs, trustedSinceMs, clockOffsetMs } = this.#consumer;
    if (this.#inDoubt || ack.delivered > 1 || ack.storedAtMs <= trustedSinceMs) return false;
    const waitedMs = monotonicMs() + clockOffsetMs - ack.storedAtMs;
    if (this.kind === "new" && waitedMs > YOUNG_MS) return false;
    const [oldest] = this.#open.values();
    if (oldest === undefined) return false;
    const askedMsAgo = Math.max(monotonicMs() - oldest.askedAt, Date.now() - oldest.askedAtTime);
    return askedMsAgo < leaseMs * FRESH_SHARE;
  }

  #deliver(message: Msg, ack: AckSubject, fresh: boolean): void {
    const { connection, subjects, kind, queue, partition } = this.#parts;
    const { subject } = message;
    const { sequence } = ack;
    const run = subjects.runOf(subject);
    const reply = message.reply ?? "";
    // If nobody hears it, the message is handed out again, and its run's head settles it.
    const answer = (text: string): void => send(connection, reply, text);
    const confirm = (): void => answer("");
    const { created } = this.#consumer;
    if (run === undefined) {
      this.#parts.onForeign({ subject, partition, sequence, data: message.data }, confirm);
      this.#parts.onRoom(); // It takes up no room: the next one need not wait for it.
      return;
    }
    this.#parts.onDelivery({
      kind,
      run,
      queue,
      subject,
      partition,
      sequence,
      redelivered: ack.delivered > 1,
      fresh,
      isForgotten: () => this.#consumer.created !== created,
      data: message.data,
      leaseId: reply,
      ack: confirm,
      giveBack: () => answer("-NAK"),
    });
  }
}

export interface PullParts {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly kind: DeliveryKind;
  readonly queue: string;
  readonly partition: number;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly onForeign: (
    message: { subject: string; partition: number; sequence: number; data: Uint8Array },
    ack: () => void,
  ) => void;
  /** A request ended: ask again. */
  readonly onRoom: () => void;
  readonly onTrouble: (error: unknown) => void;
}

/** A longer one is silent for 43 s after the loss of a consumer's leader; this one for 9 s. */
const EXPIRES_MS = 2_000;
const BACKOFF_MS = 250;
/** Each takes up to 5 s. */
const TRIES_PER_TROUBLE = 8;
/** A consumer that nobody watched for longer than this, and than a request lives, is looked at before it is trusted. */
const UNWATCHED_MS = 3_000;
/** What comes later than this share of the lease after it was asked for is not fresh. */
const FRESH_SHARE = 0.6;
/** What has waited longer is looked at before it is started: it may have been cancelled, or sent signals. */
const YOUNG_MS = 1_000;
/** Requests are over before that, or whatever they bring late would be exchanged, come back, and be exchanged again. */
const EXPIRES_SHARE = 0.4;
const LOST_AFTER_SHARE = FRESH_SHARE - EXPIRES_SHARE;
