import type { WriteOutcome } from "./run-log.ts";

/**
 * Durable streams beside the log of runs: what others published to be done (`published`), what Millrace itself is still to do
 * with it and with schedules (`ingress`), what is told of (`events`), what was captured of other subjects, and the streams that
 * a user has. Promises, which one contract suite checks on every adapter:
 *
 * - What `publish` resolved for is durable. Of two messages with the same `id` on one stream within two minutes one is stored.
 * - A consumer is shared by everybody who opens it by its name: each message is handed to one of them, and comes again, to any of
 *   them, when it is not acked within `leaseMs` or was given back. Acked messages do not come again, except after the broker lost
 *   its memory of the ack.
 * - `published` and `ingress` keep a message until it is acked, however long nobody reads; consumers there have filters that do
 *   not overlap.
 * - What anybody may send to `published` removes and orders nothing: its messages are only ever added.
 * - An order is stored on its target at its time, never before, once; a later order on the same subject replaces it.
 */
export interface MessageBus {
  /** The names of the namespace's own streams. */
  readonly streams: {
    readonly published: string;
    readonly ingress: string;
    readonly events: string;
    readonly captured: string;
  };
  /**
   * Stores a message on the stream that holds its subject.
   * @throws {@link BrokerError} when no stream does, or nothing is confirmed in time.
   */
  publish(message: NewMessage): Promise<Published>;
  /** The same if the last message of this literal subject is the expected one, 0 for none. */
  publishIf(message: NewMessage, expected: number): Promise<WriteOutcome>;
  /** Sends a message without asking whether anybody, or any stream, has it. */
  tell(message: NewMessage): void;
  /** Orders a message: stored on `target` at that time. `subject` and `target` are both subjects of the ingress. */
  order(order: MessageOrder): Promise<void>;
  /** The broker's clock at some moment during the call, in milliseconds since 1970. @throws {@link BrokerError} */
  now(): Promise<number>;
  /** Takes an order back that was not carried out yet. */
  withdraw(subject: string): Promise<void>;
  /** The stream that holds a subject, wildcards allowed, whosever it is. */
  streamOf(subject: string): Promise<string | undefined>;
  /** Makes messages on a subject that no stream holds durable from now on, in the `captured` stream. Safe to repeat. */
  capture(subject: string): Promise<void>;
  /** Opens a durable consumer, making it if it is missing. Its filters are compared, and changed if they differ. */
  consume(options: ConsumeOptions): Promise<Consumption>;
  /** Removes a consumer. One that is not there is no error. */
  forget(stream: string, consumer: string): Promise<void>;
  /** The consumers of a stream. */
  consumers(stream: string): Promise<readonly BusConsumer[]>;
  /** What is in a stream. Nothing when there is no such stream. */
  extent(stream: string): Promise<BusExtent | undefined>;
  /** The message with this sequence, if it is still there. */
  read(stream: string, sequence: number): Promise<BusMessage | undefined>;
  /** The last message on this literal subject. */
  last(stream: string, subject: string): Promise<BusMessage | undefined>;
  /** Messages in order, from a place or time on up to what is there now, in batches. Leaves nothing behind in the broker. */
  scan(stream: string, options: ScanOptions): AsyncIterable<readonly BusMessage[]>;
  /** How many messages stand on each literal subject that matches. */
  subjects(stream: string, filter: string): Promise<ReadonlyMap<string, number>>;
  /** Removes one message. One that is gone already is no error. */
  remove(stream: string, sequence: number): Promise<void>;
  /** What the events stream keeps. */
  retention(): Promise<EventRetention>;
  /** Changes what the events stream keeps: what is beyond it is gone at once. */
  retain(retention: EventRetention): Promise<void>;
}

export interface NewMessage {
  /** A literal subject: no wildcard, no empty token. */
  readonly subject: string;
  readonly data: Uint8Array;
  /** Names without regard to case. `Nats-*` names are refused. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The same id is stored once within two minutes. */
  readonly id?: string;
}

export interface Published {
  readonly stream: string;
  readonly sequence: number;
  /** It was there already, by its id. */
  readonly isDuplicate: boolean;
}

export interface MessageOrder extends NewMessage {
  readonly target: string;
  /** Milliseconds since 1970. The broker carries it out up to half a second late. */
  readonly at: number;
}

/** A message of any stream, whoever wrote it. */
export interface BusMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** All values of each header, by its name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** When the broker stored it, in milliseconds since 1970, the broker's clock. */
  readonly storedAt: number;
}

/** A message in somebody's hands: exactly one of `ack` and `giveBack` is called in the end. */
export interface BusDelivery extends BusMessage {
  /** 1 for the first time. A hint only: the broker may forget it. */
  readonly deliveries: number;
  /**
   * Resolves when the broker has it, so that nobody is handed this message any more.
   * @throws {@link BrokerError} when that is not confirmed within 10 s, or {@link ConnectionClosedError}: it may come again.
   */
  ack(): Promise<void>;
  /** Hands it out again, after a while if one is given. */
  giveBack(delayMs?: number): void;
  /** Keeps it for another lease. */
  keep(): void;
}

export interface ConsumeOptions {
  readonly stream: string;
  /** A token. Who opens the same one shares its messages. */
  readonly consumer: string;
  readonly filters: readonly string[];
  /**
   * What a new consumer begins with: everything, what comes from now on, or what was stored at or after a time in milliseconds
   * since 1970. Default `beginning`; `published` and `ingress` take no other.
   */
  readonly from?: "beginning" | "now" | number;
  /** How long a message stays with one who does not ack it. Default 10 s. */
  readonly leaseMs?: number;
  /** Most messages in the hands of this process. Nothing is fetched beyond. Default 256. */
  readonly maxHeld?: number;
  /** Called for each message. Must not throw. */
  readonly onMessage: (delivery: BusDelivery) => void;
}

export interface Consumption {
  /** Fetches no more. What was delivered can still be acked. */
  stop(): Promise<void>;
}

export interface BusConsumer {
  readonly name: string;
  readonly filters: readonly string[];
  /** Messages that nobody was handed yet. */
  readonly waiting: number;
  /** Messages that somebody has and did not ack. */
  readonly handedOut: number;
}

export interface BusExtent {
  /** When the stream was made, in milliseconds since 1970, the broker's clock. */
  readonly createdAt: number;
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
}

export interface ScanOptions {
  /** Those that match one of these. Default: all. */
  readonly filters?: readonly string[];
  /** Only what stands after this sequence. Default 0. */
  readonly after?: number;
  /** Only what was stored at or after this time, in milliseconds since 1970. */
  readonly since?: number;
  /** Most messages in a batch. Default 256. */
  readonly maxBatch?: number;
}

export interface EventRetention {
  /** Whole seconds, in milliseconds; 0 for ever. */
  readonly maxAgeMs: number;
  /** 0 for no limit. */
  readonly maxBytes: number;
}

/** What a new namespace's events stream keeps: 7 days, 1 GiB. */
export const DEFAULT_EVENT_RETENTION: EventRetention = Object.freeze({
  maxAgeMs: 7 * 86_400_000,
  maxBytes: 1_073_741_824,
});
