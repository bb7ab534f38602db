import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { Delivery, DeliveryKind } from "../ports/work-queue.ts";
import { openConsumer, type QueueConsumer } from "./consumers.ts";
import { type AckSubject, readAckSubject } from "./ack-subject.ts";
import type { Mux } from "./mux.ts";
import type { Subjects } from "./subjects.ts";

/** Pulls one consumer's messages: as many as it is told, in requests that the broker forgets after 2 s. */
export class PullLoop {
  readonly kind: DeliveryKind;
  readonly #parts: PullParts;
  readonly #pulls = new Set<Pull>();
  #consumer: QueueConsumer;
  /** While the consumer's memory is in doubt nothing counts as fresh. */
  #inDoubt = false;
  #pausedUntil = 0;
  #stopped = false;
  /** Its last request brought something: it takes a share of the room, not one at a time. */
  hot = false;

  constructor(parts: PullParts, consumer: QueueConsumer) {
    this.kind = parts.kind;
    this.#parts = parts;
    this.#consumer = consumer;
  }

  /** Messages that were asked for and may still come. */
  get outstanding(): number {
    let sum = 0;
    for (const pull of this.#pulls) sum += pull.left;
    return sum;
  }

  /** Asks for so many messages, unless the consumer is being looked after. */
  ask(batch: number): void {
    const now = Date.now();
    for (const pull of this.#pulls) if (pull.deadline < now) pull.end();
    if (this.#stopped || this.#inDoubt || now < this.#pausedUntil) return;
    const answers = this.#parts.mux.open((message) => this.#onMessage(pull, message));
    const pull: Pull = {
      left: batch,
      brought: 0,
      deadline: now + EXPIRES_MS + 1_000,
      end: () => {
        answers.close();
        this.#pulls.delete(pull);
      },
    };
    this.#pulls.add(pull);
    const { stream, name } = this.#consumer;
    this.#parts.connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
      JSON.stringify({ batch, expires: EXPIRES_MS * 1_000_000 }),
      { reply: answers.subject },
    );
  }

  /** The connection was lost, or the consumer is gone: look at it again before anything counts as fresh. */
  async renew(): Promise<void> {
    if (this.#inDoubt || this.#stopped) return;
    this.#inDoubt = true;
    for (const pull of this.#pulls) pull.end();
    while (!this.#stopped) {
      try {
        const { connection, subjects, partition, kind, queue } = this.#parts;
        const place = { partition, kind, queue, leaseMs: this.#consumer.leaseMs };
        this.#consumer = await openConsumer(connection, subjects, place);
        this.#inDoubt = false;
        this.#parts.onRoom();
        return;
      } catch (error) {
        this.#parts.onTrouble(error);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS).unref());
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when no request is open any more: nothing comes after that. */
  async drained(): Promise<void> {
    while (this.#pulls.size > 0) {
      const now = Date.now();
      for (const pull of this.#pulls) if (pull.deadline < now) pull.end();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #onMessage(pull: Pull, message: Msg): void {
    // Only messages of the stream carry a reply: it is where their ack goes.
    if (message.subject === "" || !message.reply) return this.#onStatus(pull, message);
    const ack = readAckSubject(message.reply);
    if (ack === undefined) return;
    pull.left--;
    pull.brought++;
    this.hot = true;
    if (pull.left === 0) pull.end();
    this.#deliver(message, ack);
  }

  #onStatus(pull: Pull, message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    pull.end();
    if (pull.brought === 0) this.hot = false;
    const description = message.headers?.description ?? "";
    if (code === 503 || /deleted|not found/i.test(description)) {
      void this.renew();
      return;
    }
    if (code !== 404 && code !== 408) this.#pausedUntil = Date.now() + BACKOFF_MS;
    this.#parts.onRoom();
  }

  #deliver(message: Msg, ack: AckSubject): void {
    const { connection, subjects, kind, queue, partition } = this.#parts;
    const { subject } = message;
    const { sequence } = ack;
    const run = subjects.runOf(subject);
    const reply = message.reply ?? "";
    const confirm = (): void => connection.publish(reply);
    if (run === undefined) {
      this.#parts.onForeign({ subject, partition, sequence, data: message.data }, confirm);
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
      fresh: !this.#inDoubt && ack.storedAtMs > this.#consumer.trustedSinceMs,
      data: message.data,
      leaseId: reply,
      ack: confirm,
      giveBack: () => connection.publish(reply, "-NAK"),
    });
  }
}

export interface PullParts {
  readonly connection: NatsConnection;
  readonly mux: Mux;
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

interface Pull {
  left: number;
  brought: number;
  readonly deadline: number;
  readonly end: () => void;
}
