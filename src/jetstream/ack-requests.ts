import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import type { Mux } from "./mux.ts";
import { send } from "./send.ts";

/**
 * Acks that the broker confirms, many at a time. One that gets no answer is sent again, also after the connection was lost:
 * an ack speaks of the message, so a second one does no harm.
 */
export class AckRequests {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;
  readonly #open = new Set<OpenAck>();
  readonly #idle: (() => void)[] = [];
  readonly #sweeper: NodeJS.Timeout;

  constructor(connection: NatsConnection, mux: Mux) {
    this.#connection = connection;
    this.#mux = mux;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /**
   * Acks the message that came with this reply subject.
   * @throws {@link BrokerError} when that is not confirmed in 10 s, or {@link ConnectionClosedError}: it comes again then.
   */
  confirm(subject: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#connection.isClosed()) return reject(new ConnectionClosedError("an ack"));
      const now = monotonicMs();
      const answers = this.#mux.open(({ headers }) => {
        // Nobody had it: its consumer was removed, or has no leader at the moment.
        if (headers?.code === NOBODY) ack.sentAt = 0;
        else end();
      });
      const end = (error?: Error): void => {
        if (!this.#open.delete(ack)) return;
        answers.close();
        if (error === undefined) resolve();
        else reject(error);
        if (this.#open.size === 0) for (const idle of this.#idle.splice(0)) idle();
      };
      const ack: OpenAck = { subject, replyTo: answers.subject, since: now, sentAt: now, end };
      this.#open.add(ack);
      this.#send(ack);
    });
  }

  /** What was on its way is lost: the connection broke, and is there again. */
  sendAgain(): void {
    for (const ack of this.#open) this.#send(ack);
  }

  /** Resolves when every ack so far is confirmed or given up. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** No answer comes any more: the connection is closed. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const { end } of this.#open) end(new ConnectionClosedError("an ack"));
  }

  #send(ack: OpenAck): void {
    ack.sentAt = monotonicMs();
    send(this.#connection, ack.subject, "", { reply: ack.replyTo });
  }

  #sweep(): void {
    const now = monotonicMs();
    for (const ack of this.#open) {
      if (now - ack.since > GIVE_UP_MS) ack.end(new BrokerError(UNCONFIRMED));
      else if (now - ack.sentAt > AGAIN_MS) this.#send(ack);
    }
  }
}

interface OpenAck {
  readonly subject: string;
  readonly replyTo: string;
  readonly since: number;
  sentAt: number;
  readonly end: (error?: Error) => void;
}

const NOBODY = 503;
const SWEEP_MS = 500;
const AGAIN_MS = 2_000;
const GIVE_UP_MS = 10_000;
const UNCONFIRMED = `An ack was not confirmed within ${GIVE_UP_MS} ms. The message is handed out again.`;
