import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import { type ControlRecord, type ControlStore, WATCH_AGAIN_MS } from "../ports/control-store.ts";
import type { WriteOutcome } from "../ports/run-log.ts";
import { controlStreamName, liveSubject, type Subjects } from "../wire/subjects.ts";
import { readLastPerSubject } from "./last-per-subject.ts";
import type { Mux } from "./mux.ts";
import type { Publisher } from "./publisher.ts";
import type { StreamReader } from "./stream-reader.ts";

/** Control records on JetStream: a stream that keeps the last message of each literal subject. */
export class JetStreamControlStore implements ControlStore {
  readonly #parts: ControlStoreParts;
  readonly #stream: string;

  constructor(parts: ControlStoreParts) {
    this.#parts = parts;
    this.#stream = controlStreamName(parts.subjects.namespace);
  }

  async read(key: string): Promise<ControlRecord | undefined> {
    const subject = this.#parts.subjects.control(key);
    const found = await this.#parts.reader.last(this.#stream, 0, subject);
    return found === undefined
      ? undefined
      : { key, revision: found.sequence, data: new Uint8Array(found.data) };
  }

  write(
    key: string,
    data: Uint8Array,
    expected: number,
    options: { readonly ttlMs?: number } = {},
  ): Promise<WriteOutcome> {
    const { publisher, subjects } = this.#parts;
    const { ttlMs } = options;
    const ttlSeconds = ttlMs === undefined ? undefined : Math.max(1, Math.ceil(ttlMs / 1_000));
    return publisher.publish(subjects.control(key), data, expected, ttlSeconds);
  }

  async list(prefix: string): Promise<readonly ControlRecord[]> {
    const { connection, subjects } = this.#parts;
    const filter = subjects.control(`${prefix}.>`);
    const few = await this.#listFew(filter);
    if (few !== undefined) return few;
    const found: ControlRecord[] = [];
    for await (const message of readLastPerSubject(connection, this.#stream, filter)) {
      const { subject, sequence, data } = message;
      found.push({ key: this.#keyOf(subject), revision: sequence, data: new Uint8Array(data) });
    }
    return found;
  }

  #keyOf(subject: string): string {
    return subject.slice(this.#parts.subjects.control("").length);
  }

  /** By one request. Nothing when there are more records than the broker answers with: 1,024. */
  async #listFew(filter: string): Promise<readonly ControlRecord[] | undefined> {
    const { connection, mux } = this.#parts;
    const found: ControlRecord[] = [];
    const isAll = await new Promise<boolean>((resolve, reject) => {
      const end = (error?: Error, isWhole = true): void => {
        clearTimeout(timer);
        answers.close();
        if (error === undefined) resolve(isWhole);
        else reject(error);
      };
      const answers = mux.open(({ headers, data }) => {
        const code = headers?.code ?? 0;
        if (code === 204 || code === 404) return end();
        if (code === TOO_MANY) return end(undefined, false);
        if (code !== 0) return end(new BrokerError(`A read failed: ${headers?.status}`));
        const subject = headers?.get("Nats-Subject") ?? "";
        const revision = Number(headers?.get("Nats-Sequence"));
        found.push({ key: this.#keyOf(subject), revision, data });
      });
      const timer = setTimeout(
        () => end(new BrokerError(`No answer to a read within ${READ_TIMEOUT_MS} ms.`)),
        READ_TIMEOUT_MS,
      );
      const query = JSON.stringify({ multi_last: [filter] });
      connection.publish(`$JS.API.DIRECT.GET.${this.#stream}`, query, { reply: answers.subject });
    });
    return isAll ? found : undefined;
  }

  async watch(
    key: string,
    onRecord: (record: ControlRecord | undefined) => void,
  ): Promise<() => void> {
    const { connection, onReconnect, subjects } = this.#parts;
    if (connection.isClosed() || connection.isDraining()) throw new ConnectionClosedError(WATCHING);
    let last = -1;
    const tell = (record: ControlRecord | undefined, after = last): void => {
      // What was read before a newer one was told of says nothing any more.
      if (record === undefined ? last !== after : record.revision <= last) return;
      last = record?.revision ?? Math.max(last, 0);
      onRecord(record);
    };
    const subscription = connection.subscribe(liveSubject(subjects.control(key)), {
      callback: (error, { headers, data }) => {
        const revision = error === null ? Number(headers?.get("Nats-Sequence")) : 0;
        if (revision > 0) tell({ key, revision, data });
      },
    });
    const look = async (): Promise<void> => {
      const before = last;
      const record = await this.read(key);
      if (!subscription.isClosed()) tell(record, before);
    };
    const lookAgain = (): void => void look().catch(() => undefined); // It is looked at again soon.
    const again = setInterval(lookAgain, WATCH_AGAIN_MS).unref();
    const forgetReconnect = onReconnect(lookAgain);
    const stop = (): void => {
      clearInterval(again);
      forgetReconnect();
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
    try {
      await connection.flush();
      await look();
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }
}

export interface ControlStoreParts {
  readonly connection: NatsConnection;
  readonly mux: Mux;
  readonly subjects: Subjects;
  readonly publisher: Publisher;
  readonly reader: StreamReader;
  readonly onReconnect: (call: () => void) => () => void;
}

const WATCHING = "watching a record";
const READ_TIMEOUT_MS = 5_000;
const TOO_MANY = 413;
