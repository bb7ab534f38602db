import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { BrokerError } from "../engine/usage-errors.ts";
import type { Stored } from "../ports/run-log.ts";
import type { Mux } from "./mux.ts";
import { sequenceOf } from "./sequence-of.ts";
import { Turns } from "./turns.ts";

/**
 * Reads messages of a literal subject in large batches, by Direct Get: whoever of the stream's peers gets the request
 * answers it, so the newest messages may be missing.
 */
export class DirectGet {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;
  readonly #turns = new Turns(MAX_BATCHES, TURN_MS);

  constructor(connection: NatsConnection, mux: Mux) {
    this.#connection = connection;
    this.#mux = mux;
  }

  /**
   * Tells of messages with `from <= sequence <= upTo` as they come, in order, from the first on. Gives the sequence of the
   * last one; nothing when there was none.
   */
  async batch(
    place: SubjectPlace,
    from: number,
    upTo: number,
    tell: (message: Stored) => void,
  ): Promise<number | undefined> {
    const turn = this.#turns.begin();
    if (turn !== true && !(await turn)) {
      throw new BrokerError(`It was not a read's turn within ${TURN_MS} ms.`);
    }
    try {
      return await this.#ask(place, from, upTo, tell);
    } finally {
      this.#turns.end();
    }
  }

  #ask(
    place: SubjectPlace,
    from: number,
    upTo: number,
    tell: (message: Stored) => void,
  ): Promise<number | undefined> {
    const { stream, partition, subject } = place;
    const isOne = !subject.endsWith("*");
    let last: number | undefined;
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        answers.close();
        if (error === undefined) resolve(last);
        else reject(error);
      };
      const onMessage = (message: Msg): void => {
        const { data } = message;
        const sequence = sequenceOf(message, data);
        if (sequence === undefined) return end(errorOf(message));
        if (sequence <= upTo) {
          last = sequence;
          tell({ subject: isOne ? subject : subjectOf(message), partition, sequence, data });
        }
        if (sequence >= upTo) return end();
        timer.refresh();
      };
      const answers = this.#mux.open(onMessage);
      const timer = setTimeout(
        () => end(new BrokerError(`No answer to a read within ${SILENCE_MS} ms.`)),
        SILENCE_MS,
      );
      const query = { seq: from, next_by_subj: subject, batch: BATCH, max_bytes: BATCH_BYTES };
      this.#connection.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), {
        reply: answers.subject,
      });
    });
  }
}

/** A literal subject, or one whose last token is a wildcard, and the stream that holds it. */
export interface SubjectPlace {
  readonly stream: string;
  readonly partition: number;
  readonly subject: string;
}

/**
 * A server drops the connection of a client that leaves more than 64 MiB unread (its `max_pending`): all batches that
 * are under way stay below that together, with the server's own headers, which it does not count.
 */
const MAX_BATCHES = 16;
const BATCH_BYTES = 1_048_576;
const BATCH = 10_000;
/** Between two messages of a batch, and before the first. */
const SILENCE_MS = 5_000;
/** Those before it may be long: a batch that goes on is not silent. */
const TURN_MS = 20_000;

function subjectOf({ headers }: Msg): string {
  return headers?.last("Nats-Subject") ?? "";
}

/** What a message without a sequence says: the batch is over, or the request was refused. */
function errorOf({ headers }: Msg): BrokerError | undefined {
  const code = headers?.code ?? 0;
  if (code === 204 || code === 404) return undefined;
  return new BrokerError(`A read failed: ${headers?.status ?? "an answer without a sequence"}`);
}
