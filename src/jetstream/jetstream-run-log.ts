import type { NatsConnection } from "@nats-io/nats-core";
import type { RunRef } from "../engine/run-id.ts";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import type { RunHeadMessage, RunLog, Stored, WriteOutcome } from "../ports/run-log.ts";
import type { Subjects } from "../wire/subjects.ts";
import type { SubjectPlace } from "./direct-get.ts";
import { jsRequest } from "./js-request.ts";
import { readLastPerSubject } from "./last-per-subject.ts";
import type { Publisher } from "./publisher.ts";
import { readNewest } from "./read-newest.ts";
import type { RunPlaces } from "./run-places.ts";
import type { StreamReader } from "./stream-reader.ts";

/** The run log on JetStream: one stream a partition, one literal subject for each thing that a run has. */
export class JetStreamRunLog implements RunLog {
  readonly namespace: string;
  readonly #connection: NatsConnection;
  readonly #subjects: Subjects;
  readonly #publisher: Publisher;
  readonly #reader: StreamReader;
  readonly #places: RunPlaces;
  #inForce: Promise<void> | undefined;

  constructor(parts: {
    connection: NatsConnection;
    subjects: Subjects;
    publisher: Publisher;
    reader: StreamReader;
    places: RunPlaces;
  }) {
    this.namespace = parts.subjects.namespace;
    this.#connection = parts.connection;
    this.#subjects = parts.subjects;
    this.#publisher = parts.publisher;
    this.#reader = parts.reader;
    this.#places = parts.places;
  }

  /** The server that this connection is to may be another one than before. */
  get maxMessageBytes(): number {
    return (this.#connection.info?.max_payload ?? 1_048_576) - HEADROOM_BYTES;
  }

  submit(
    run: RunRef,
    queue: string,
    submission: Uint8Array,
    isKeyNew = false,
  ): Promise<WriteOutcome> {
    if (isKeyNew) this.#places.learn(run, this.#subjects.partition(run));
    return this.#write(run, (partition) =>
      this.#publish(this.#subjects.submission(run, queue, partition), submission, 0),
    );
  }

  append(run: RunRef, expected: number, frame: Uint8Array): Promise<WriteOutcome> {
    return this.#write(run, (partition) =>
      this.#publish(this.#subjects.history(run, partition), frame, expected),
    );
  }

  async put(run: RunRef, queue: string, input: Uint8Array): Promise<number> {
    const outcome = await this.#write(run, (partition) =>
      this.#publish(this.#subjects.inbox(run, queue, partition), input),
    );
    if (outcome.status === "written") return outcome.sequence;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    throw new BrokerError(`An input for ${run.id} was not confirmed. Send it again.`, { cause });
  }

  async wakeAt(
    run: RunRef,
    queue: string,
    { number, time }: { readonly number: number; readonly time: number },
    input: Uint8Array,
  ): Promise<void> {
    const outcome = await this.#write(run, (partition) => {
      const subject = this.#subjects.timer(run, queue, number, partition);
      const target = this.#subjects.gated(this.#subjects.inbox(run, queue, partition));
      return this.#publisher.schedule(this.#subjects.gated(subject), input, { time, target });
    });
    if (outcome.status === "written") return;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    throw new BrokerError(`A wake-up of ${run.id} was not confirmed.`, { cause });
  }

  rollUp({ subject, sequence }: Stored, data: Uint8Array): Promise<WriteOutcome> {
    return this.#publisher.rollUp(this.#subjects.gated(subject), data, sequence);
  }

  async clearInbox(run: RunRef, queue: string, upTo: number): Promise<void> {
    const partition = await this.#places.of(run);
    const stream = this.#subjects.stream(partition);
    const purge = { filter: this.#subjects.inbox(run, queue, partition), seq: upTo + 1 };
    await jsRequest(this.#connection, `STREAM.PURGE.${stream}`, purge);
  }

  async setAside(message: Stored, letter: Uint8Array): Promise<void> {
    const subject = this.#subjects.dead(message.partition, message.sequence);
    const outcome = await this.#publish(subject, letter, 0);
    // A conflict says that it was set aside before.
    if (outcome.status !== "unknown") return;
    throw new BrokerError(`Message ${message.sequence} could not be set aside.`, {
      cause: outcome.cause,
    });
  }

  async head(run: RunRef): Promise<Stored | undefined> {
    const partition = await this.#places.of(run);
    return this.#last(partition, this.#subjects.history(run, partition));
  }

  async history(run: RunRef, upTo: number, from = 1): Promise<readonly Stored[]> {
    const partition = await this.#places.of(run);
    return this.#range(partition, this.#subjects.history(run, partition), from, upTo);
  }

  async tellHistory(run: RunRef, upTo: number, tell: (message: Stored) => void): Promise<void> {
    const partition = await this.#places.of(run);
    const place = this.#place(partition, this.#subjects.history(run, partition));
    await this.#reader.range(place, 1, upTo, tell);
  }

  async inbox(run: RunRef, queue: string, after: number): Promise<readonly Stored[]> {
    const partition = await this.#places.of(run);
    const subject = this.#subjects.inbox(run, queue, partition);
    const last = await this.#last(partition, subject);
    if (last === undefined || last.sequence <= after) return [];
    return this.#range(partition, subject, after + 1, last.sequence);
  }

  async submission(run: RunRef, queue = "*"): Promise<Stored | undefined> {
    const partition = await this.#places.of(run);
    return this.#last(partition, this.#subjects.submission(run, queue, partition));
  }

  async *heads(flow?: string): AsyncIterable<RunHeadMessage> {
    for (let partition = 0; partition < this.#subjects.partitions; partition++) {
      const stream = this.#subjects.stream(partition);
      const filter = this.#subjects.histories(partition, flow);
      for await (const message of readLastPerSubject(this.#connection, stream, filter)) {
        const run = this.#subjects.runOfHistory(message.subject);
        // No run can have another subject: somebody else put that there.
        if (run !== undefined) yield { run, head: { ...message, partition } };
      }
    }
  }

  async deadLetters(
    limit: number,
    before?: ReadonlyMap<number, number>,
  ): Promise<readonly Stored[]> {
    const letters: Stored[] = [];
    for (let partition = 0; partition < this.#subjects.partitions; partition++) {
      const stream = this.#subjects.stream(partition);
      const subject = this.#subjects.allDead(partition);
      const last = await this.#reader.last(stream, partition, subject);
      const end = Math.min(last?.sequence ?? 0, (before?.get(partition) ?? Infinity) - 1);
      const place = { stream, partition, subject };
      letters.push(...(await readNewest(this.#reader, place, end, limit)));
    }
    return letters;
  }

  async deadLetter(partition: number, sequence: number): Promise<Stored | undefined> {
    if (partition >= this.#subjects.partitions) return undefined;
    const stream = this.#subjects.stream(partition);
    return this.#reader.last(stream, partition, this.#subjects.dead(partition, sequence));
  }

  async message(partition: number, sequence: number): Promise<Stored | undefined> {
    const isThere = partition < this.#subjects.partitions && sequence > 0;
    return isThere
      ? this.#reader.at(this.#subjects.stream(partition), partition, sequence)
      : undefined;
  }

  async follow(run: RunRef, onFrame: (frame: Stored) => void): Promise<() => void> {
    if (this.#connection.isClosed() || this.#connection.isDraining()) {
      throw new ConnectionClosedError("following a run");
    }
    const partition = await this.#places.of(run);
    const subject = this.#subjects.history(run, partition);
    const subscription = this.#connection.subscribe(this.#subjects.live(run, partition), {
      callback: (error, message) => {
        const sequence = error === null ? Number(message.headers?.get("Nats-Sequence")) : 0;
        if (sequence > 0) onFrame({ subject, partition, sequence, data: message.data });
      },
    });
    await this.#untilInForce();
    return () => subscription.unsubscribe();
  }

  /** One round trip for all that is subscribed to in one turn. */
  #untilInForce(): Promise<void> {
    this.#inForce ??= Promise.resolve().then(() => {
      this.#inForce = undefined;
      return this.#flush();
    });
    return this.#inForce;
  }

  /** What was subscribed to is in force when the server has answered once, be it after a reconnect. */
  async #flush(): Promise<void> {
    for (;;) {
      try {
        return await this.#connection.flush();
      } catch {
        if (this.#connection.isClosed()) throw new ConnectionClosedError("following a run");
      }
    }
  }

  /** Writes where the run is. Nothing was stored when that cannot be found out: the next try asks again. */
  #write(run: RunRef, write: (partition: number) => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const place = this.#places.of(run);
    if (typeof place === "number") return write(place);
    return place.then(write, (cause: unknown) => ({ status: "unknown" as const, cause }));
  }

  #publish(subject: string, data: Uint8Array, expected?: number): Promise<WriteOutcome> {
    return this.#publisher.publish(this.#subjects.gated(subject), data, expected);
  }

  #last(partition: number, subject: string): Promise<Stored | undefined> {
    return this.#reader.last(this.#subjects.stream(partition), partition, subject);
  }

  async #range(
    partition: number,
    subject: string,
    from: number,
    upTo: number,
  ): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    const add = (message: Stored): unknown => found.push(message);
    await this.#reader.range(this.#place(partition, subject), from, upTo, add);
    return found;
  }

  #place(partition: number, subject: string): SubjectPlace {
    return { stream: this.#subjects.stream(partition), partition, subject };
  }
}

/** Headers and the republished copy's own headers count towards the server's limit. */
const HEADROOM_BYTES = 1_024;
