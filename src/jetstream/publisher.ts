import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/nats-core";
import type { WriteOutcome } from "../ports/run-log.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import type { Mux } from "./mux.ts";

/**
 * Publishes to the stream and waits for the broker's ack. What is in flight is bounded: a server that falls behind
 * loses publishes silently otherwise.
 */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;
  readonly #inFlight = new Set<Pending>();
  readonly #waiting: (() => void)[] = [];
  readonly #idle: ((value?: unknown) => void)[] = [];
  readonly #sweeper: NodeJS.Timeout;
  readonly #onUnknown: () => void;

  /** `onUnknown` is told when something was not confirmed: it may be that nothing takes it any more. */
  constructor(connection: NatsConnection, mux: Mux, onUnknown: () => void = () => undefined) {
    this.#connection = connection;
    this.#mux = mux;
    this.#onUnknown = onUnknown;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /**
   * Stores a message. With `expected`, only if that is the last sequence on the same subject; with `ttlSeconds`, for so long.
   */
  publish(
    subject: string,
    data: Uint8Array,
    expected?: number,
    ttlSeconds?: number,
  ): Promise<WriteOutcome> {
    const headers = expected === undefined ? undefined : expectation(expected, ttlSeconds);
    return this.#store(subject, data, headers);
  }

  /** Stores a message in the place of all that are on the subject, if `expected` is the last of them. */
  rollUp(subject: string, data: Uint8Array, expected: number): Promise<WriteOutcome> {
    return this.#store(
      subject,
      data,
      textHeaders(`Nats-Expected-Last-Subject-Sequence: ${expected}\r\nNats-Rollup: sub`),
    );
  }

  /** Has the broker store a message on another subject of the same stream at a later time, in milliseconds since 1970. */
  schedule(
    subject: string,
    data: Uint8Array,
    { time, target }: { readonly time: number; readonly target: string },
  ): Promise<WriteOutcome> {
    const at = new Date(time).toISOString();
    return this.#store(
      subject,
      data,
      textHeaders(`Nats-Schedule: @at ${at}\r\nNats-Schedule-Target: ${target}`),
    );
  }

  async #store(
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs | undefined,
  ): Promise<StoreOutcome> {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return new Promise((resolve) => this.#send(subject, data, headers, resolve));
  }

  /** Stores a message on whatever stream holds its subject. */
  store(subject: string, data: Uint8Array, headers: MsgHdrs | undefined): Promise<StoreOutcome> {
    return this.#store(subject, data, headers);
  }

  /** Resolves when every publish so far has its answer, or none comes any more. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing in flight can be answered any more: the connection was lost. */
  loseInFlight(cause: unknown): void {
    for (const pending of this.#inFlight) pending.end({ status: "unknown", cause });
  }

  close(cause: unknown): void {
    clearInterval(this.#sweeper);
    this.loseInFlight(cause);
  }

  #send(
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs | undefined,
    resolve: (outcome: StoreOutcome) => void,
  ): void {
    const answers = this.#mux.open((message) => pending.end(outcomeOf(message)));
    const pending: Pending = {
      sentAt: monotonicMs(),
      end: (outcome) => {
        if (!this.#inFlight.delete(pending)) return;
        answers.close();
        resolve(outcome);
        if (outcome.status === "unknown") this.#onUnknown();
        this.#waiting.shift()?.();
        if (this.#inFlight.size === 0) for (const idle of this.#idle.splice(0)) idle();
      },
    };
    this.#inFlight.add(pending);
    try {
      this.#connection.publish(subject, data, {
        reply: answers.subject,
        ...(headers === undefined ? {} : { headers }),
      });
    } catch (cause) {
      pending.end({ status: "unknown", cause });
    }
  }

  #sweep(): void {
    const oldest = monotonicMs() - ACK_TIMEOUT_MS;
    for (const pending of this.#inFlight) {
      if (pending.sentAt > oldest) return; // In the order of sending.
      pending.end({ status: "unknown", cause: new Error(`No ack within ${ACK_TIMEOUT_MS} ms`) });
    }
  }
}

const MAX_IN_FLIGHT = 1_024;
const ACK_TIMEOUT_MS = 5_000;
const SWEEP_MS = 500;

interface Pending {
  readonly sentAt: number;
  readonly end: (outcome: StoreOutcome) => void;
}

/** What became of a message, and where it stands now. */
export type StoreOutcome =
  | Exclude<WriteOutcome, { readonly status: "written" }>
  | {
      readonly status: "written";
      readonly sequence: number;
      readonly stream: string;
      /** One with the same id was there already. */
      readonly isDuplicate: boolean;
    };

/** Another write is in flight on this subject, or something else is on it already. */
const WRONG_LAST_SEQUENCE = 10_071;

function outcomeOf(message: Msg): StoreOutcome {
  try {
    const ack = message.json<PubAck>();
    if (ack.error?.err_code === WRONG_LAST_SEQUENCE) return { status: "conflict" };
    if (ack.error === undefined && typeof ack.seq === "number") {
      const { seq: sequence, stream = "", duplicate: isDuplicate = false } = ack;
      return { status: "written", sequence, stream, isDuplicate };
    }
    return { status: "unknown", cause: new Error(ack.error?.description ?? "Not an ack") };
  } catch (cause) {
    const status = message.headers?.status;
    return {
      status: "unknown",
      cause: status === undefined ? cause : new Error(`The broker answered: ${status}`),
    };
  }
}

interface PubAck {
  readonly seq?: number;
  readonly stream?: string;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function expectation(sequence: number, ttlSeconds: number | undefined): MsgHdrs {
  const ttl = ttlSeconds === undefined ? "" : `\r\nNats-TTL: ${ttlSeconds}s`;
  return textHeaders(`Nats-Expected-Last-Subject-Sequence: ${sequence}${ttl}`);
}

/** Headers encoded without the general and slower path. The transport only calls `encode`. */
function textHeaders(lines: string): MsgHdrs {
  const text = `NATS/1.0\r\n${lines}\r\n\r\n`;
  return { encode: () => Buffer.from(text, "latin1") } as unknown as MsgHdrs;
}
