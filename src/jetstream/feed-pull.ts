import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { FeedBrokenError } from "../engine/usage-errors.ts";
import { type FedKind, type FedMessage, type FeedExtent, fedKind } from "../ports/event-feed.ts";
import type { Subjects } from "../wire/subjects.ts";
import { type AckSubject, readAckSubject } from "./ack-subject.ts";
import { FeedConsumer } from "./feed-consumer.ts";
import { monotonicMs } from "./monotonic-ms.ts";

/**
 * Reads one partition in order, through a consumer that remembers nothing: whenever something may be lost (the connection,
 * the server, the consumer, a number in its count), the consumer is made again at the first sequence that has not come.
 */
export class FeedPull {
  readonly #parts: FeedPullParts;
  readonly #stopWatching: () => void;
  /** The last sequence that has come, whether or not it was wanted. */
  #reached: number;
  #buffer: FedMessage[] = [];
  #bufferedBytes = 0;
  /** Nothing more was there when the last message came, or nothing has come for a moment. */
  #isDry = false;
  /** The consumer has handed out everything that was there when it was made, and `#last` is the end of that. */
  #isAtEnd = false;
  #last = 0;
  #incarnation: string | undefined;
  /** Nothing while it is being made. */
  #consumer: FeedConsumer | undefined;
  /** What is made for an earlier one comes too late. */
  #generation = 0;
  /** How many messages the consumer has handed out. */
  #counted = 0;
  #lastSignAt = 0;
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(parts: FeedPullParts) {
    this.#parts = parts;
    this.#reached = parts.after;
    const stopReconnects = parts.onReconnect(() => this.#renew());
    const watch = setInterval(() => this.#look(), LOOK_MS).unref();
    const onClosed = (): void => this.#fail(parts.closed.reason);
    parts.closed.addEventListener("abort", onClosed);
    this.#stopWatching = () => {
      stopReconnects();
      clearInterval(watch);
      parts.closed.removeEventListener("abort", onClosed);
    };
  }

  start(): void {
    if (this.#parts.closed.aborted) this.#fail(this.#parts.closed.reason);
    else this.#renew();
  }

  /** The next batch; nothing when it was ended. */
  async next(): Promise<readonly FedMessage[] | undefined> {
    for (;;) {
      if (this.#ended && this.#failure === undefined) return undefined;
      if (this.#isReady()) return this.#take();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver()) return undefined;
      await this.#change();
    }
  }

  /** Reads no more, and removes the consumer. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#generation++;
    this.#stopWatching();
    this.#consumer?.remove();
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.end();
  }

  #isReady(): boolean {
    const waiting = this.#buffer.length;
    if (waiting === 0) return false;
    return this.#isDry || waiting >= this.#parts.maxBatch || this.#bufferedBytes >= BUFFER_BYTES;
  }

  /** Everything up to `upTo` was given: the consumer has come by it, or has nothing more. */
  #isOver(): boolean {
    const { upTo } = this.#parts;
    if (upTo === undefined || this.#buffer.length > 0) return false;
    return this.#reached >= upTo || (this.#isAtEnd && this.#last >= upTo);
  }

  #take(): readonly FedMessage[] {
    const batch =
      this.#buffer.length > this.#parts.maxBatch
        ? this.#buffer.splice(0, this.#parts.maxBatch)
        : this.#buffer;
    if (batch === this.#buffer) this.#buffer = [];
    for (const { data } of batch) this.#bufferedBytes -= data.length;
    this.#ask();
    return batch;
  }

  async #change(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#buffer.length === 0) return;
      // The broker's count of what is left is not always right.
      timer = setTimeout(() => {
        this.#isDry = true;
        resolve();
      }, GIVE_AFTER_MS);
    });
    clearTimeout(timer);
  }

  #ask(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || consumer.outstanding > ASK_BELOW) return;
    if (this.#buffer.length >= BATCH || this.#bufferedBytes >= BUFFER_BYTES) return;
    if (consumer.outstanding === 0) this.#lastSignAt = monotonicMs();
    consumer.ask(BATCH);
  }

  #look(): void {
    const isSilent = monotonicMs() - this.#lastSignAt > SILENCE_MS;
    if (this.#consumer !== undefined && this.#consumer.outstanding > 0 && isSilent) this.#renew();
  }

  #renew(): void {
    if (this.#ended) return;
    this.#consumer?.remove();
    this.#consumer = undefined;
    void this.#make(++this.#generation);
  }

  async #make(generation: number): Promise<void> {
    for (let tries = 1; generation === this.#generation; tries++) {
      try {
        await this.#check();
        const consumer = await this.#open(() => generation === this.#generation);
        if (consumer === undefined) return;
        this.#consumer = consumer;
        this.#counted = 0;
        this.#ask();
        return;
      } catch (error) {
        if (generation !== this.#generation) return;
        // A new leader may say for an instant that it has less than it has.
        if (error instanceof FeedBrokenError && tries > BROKEN_TRIES) return this.#fail(error);
        this.#parts.onTrouble(error);
        await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS).unref());
      }
    }
  }

  /** Is it still the stream that was read until now? */
  async #check(): Promise<void> {
    const { incarnation, last } = await this.#parts.extent();
    this.#incarnation ??= incarnation;
    this.#last = last;
    const { partition } = this.#parts;
    if (incarnation !== this.#incarnation) {
      throw new FeedBrokenError(partition, `its stream was made anew at ${incarnation}`);
    }
    if (last < this.#reached) {
      const what = `its stream ends at ${last}, and was read up to ${this.#reached}`;
      throw new FeedBrokenError(partition, what);
    }
  }

  async #open(isWanted: () => boolean): Promise<FeedConsumer | undefined> {
    const parts = this.#parts;
    const { connection, subjects, partition, kinds } = parts;
    const consumer = new FeedConsumer({
      connection,
      stream: subjects.stream(partition),
      filters: kinds?.map((kind) => subjects.fed(partition, kind)),
      onMessage: (message) => {
        if (consumer === this.#consumer) this.#onMessage(message);
      },
      expiresMs: parts.upTo === undefined ? EXPIRES_MS : EXPIRES_BOUNDED_MS,
      onHeartbeat: () => {
        if (consumer === this.#consumer) this.#lastSignAt = monotonicMs();
      },
      onEnd: (isSound) => {
        if (consumer !== this.#consumer) return;
        this.#lastSignAt = monotonicMs();
        // The end may have moved past `upTo` by messages that are not asked for: making it anew looks.
        if (!isSound || this.#last < (parts.upTo ?? 0)) return this.#renew();
        // A request also ends by its bytes or its time while there is more: what is left is asked of a new consumer.
        if (consumer.outstanding === 0 && parts.upTo !== undefined) return this.#renew();
        this.#ask();
        this.#wake();
      },
    });
    try {
      this.#isAtEnd = (await consumer.make(this.#reached + 1)) === 0;
      this.#wake();
    } catch (error) {
      consumer.remove();
      throw error;
    }
    if (isWanted()) return consumer;
    consumer.remove();
    return undefined;
  }

  #onMessage(message: Msg): void {
    const ack = readAckSubject(message.reply ?? "");
    this.#lastSignAt = monotonicMs();
    // A message that it handed out is lost: the next one says so.
    if (ack === undefined || ack.consumerSequence !== ++this.#counted) return this.#renew();
    this.#keep(message, ack);
    this.#ask();
    this.#isDry = ack.pending === 0;
    if (this.#isDry) this.#isAtEnd = true;
    if (this.#isReady() || this.#isOver()) this.#wake();
  }

  #keep({ subject, data }: Msg, ack: AckSubject): void {
    if (ack.sequence <= this.#reached) return;
    this.#reached = ack.sequence;
    const { subjects, partition, upTo = ack.sequence } = this.#parts;
    const kind = fedKind(subjects.kindOf(partition, subject));
    if (kind === undefined || ack.sequence > upTo) return;
    const storedAt = Math.trunc(ack.storedAtMs);
    this.#buffer.push({ kind, subject, partition, sequence: ack.sequence, storedAt, data });
    this.#bufferedBytes += data.length;
  }
}

export interface FeedPullParts {
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly partition: number;
  readonly after: number;
  readonly maxBatch: number;
  readonly kinds: readonly FedKind[] | undefined;
  readonly upTo: number | undefined;
  readonly extent: () => Promise<FeedExtent>;
  readonly onReconnect: (call: () => void) => () => void;
  readonly onTrouble: (error: unknown) => void;
  /** The connection's end. */
  readonly closed: AbortSignal;
}

/** Messages of one request; the next one is made when fewer than half as many are to come. */
const BATCH = 2_000;
const ASK_BELOW = BATCH / 2;
/** Nothing more is asked for while so much is not read. What was asked for comes on top. */
const BUFFER_BYTES = 4_194_304;
const GIVE_AFTER_MS = 50;
const BACKOFF_MS = 250;
const BROKEN_TRIES = 8;
/** A reader that follows has time: an idle one asks seldom. The end of a request is where one that has a bound looks again. */
const EXPIRES_MS = 10_000;
const EXPIRES_BOUNDED_MS = 2_000;
/** An open request gives a sign every 2 s at least: after this long the broker has forgotten it. */
const SILENCE_MS = 5_000;
const LOOK_MS = 1_000;
