import type { NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import type { Stored } from "../ports/run-log.ts";
import { jsRequest } from "./js-request.ts";
import type { Mux } from "./mux.ts";

/**
 * Reads messages of literal subjects. What decides something is read from the stream's leader; long reads go by Direct
 * Get in batches up to a sequence that the leader named, and are checked to have reached it.
 */
export class StreamReader {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;

  constructor(connection: NatsConnection, mux: Mux) {
    this.#connection = connection;
    this.#mux = mux;
  }

  /** The last message on a subject, from the leader. */
  last(stream: string, partition: number, subject: string): Promise<Stored | undefined> {
    return this.#get(stream, partition, { last_by_subj: subject });
  }

  /** All messages on a subject with `from <= sequence <= upTo`, in order. */
  async range(
    stream: string,
    partition: number,
    subject: string,
    from: number,
    upTo: number,
  ): Promise<readonly Stored[]> {
    if (from > upTo) return [];
    const found: Stored[] = [];
    const next = (): number => (found.at(-1)?.sequence ?? from - 1) + 1;
    for (let more = true; more && next() <= upTo; ) {
      const batch = await this.#batch(stream, partition, subject, next());
      found.push(...batch.filter((message) => message.sequence <= upTo));
      more = batch.length > 0;
    }
    // A follower may be behind: the leader has the rest.
    while (next() <= upTo) {
      const message = await this.#get(stream, partition, { seq: next(), next_by_subj: subject });
      if (message === undefined || message.sequence > upTo) break;
      found.push(message);
    }
    return found;
  }

  async #get(stream: string, partition: number, query: object): Promise<Stored | undefined> {
    const answer = await jsRequest<{ message?: RawMessage }>(
      this.#connection,
      `STREAM.MSG.GET.${stream}`,
      query,
      [NO_MESSAGE],
    );
    const raw = answer?.message;
    return raw === undefined
      ? undefined
      : {
          subject: raw.subject,
          partition,
          sequence: raw.seq,
          data: raw.data === undefined ? new Uint8Array() : Buffer.from(raw.data, "base64"),
        };
  }

  async #batch(
    stream: string,
    partition: number,
    subject: string,
    from: number,
  ): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        answers.close();
        if (error === undefined) resolve();
        else reject(error);
      };
      const answers = this.#mux.open((message) => {
        const code = message.headers?.code ?? 0;
        if (code === 204 || code === 404) return end();
        if (code !== 0) return end(new BrokerError(`A read failed: ${message.headers?.status}`));
        const sequence = Number(message.headers?.get("Nats-Sequence"));
        found.push({ subject, partition, sequence, data: message.data });
      });
      const timer = setTimeout(
        () => end(new BrokerError(`No answer to a read within ${READ_TIMEOUT_MS} ms.`)),
        READ_TIMEOUT_MS,
      );
      const query = JSON.stringify({ seq: from, next_by_subj: subject, batch: BATCH });
      this.#connection.publish(`$JS.API.DIRECT.GET.${stream}`, query, { reply: answers.subject });
    });
    return found;
  }
}

const BATCH = 1_000;
const READ_TIMEOUT_MS = 5_000;
const NO_MESSAGE = 10_037;

interface RawMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data?: string;
}
