import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { type ApiAnswer, answerOf, TIMEOUT_MS, unanswered } from "./js-request.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import type { Mux } from "./mux.ts";
import { Turns } from "./turns.ts";

/**
 * Reads single messages from a stream's leader. The same as `jsRequest`, at a fraction of its price: the client's own
 * requests make two errors each, with their stacks, in case they are needed. What is under way is bounded: a server that has
 * some thousands of requests before it drops them all. Waiting for a turn counts as waiting for the answer.
 */
export class LeaderReads {
  readonly #connection: NatsConnection;
  readonly #mux: Mux;
  readonly #pending = new Set<Pending>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #turns = new Turns(MOST_UNDER_WAY, TURN_MS);
  #isClosed = false;

  constructor(connection: NatsConnection, mux: Mux) {
    this.#connection = connection;
    this.#mux = mux;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /**
   * A message as the stream holds it, or nothing when there is none.
   * @throws {@link BrokerError} when it is refused or no answer comes within 5 s; {@link ConnectionClosedError}.
   */
  async get(stream: string, query: object): Promise<RawMessage | undefined> {
    const call = `STREAM.MSG.GET.${stream}`;
    const since = monotonicMs();
    const turn = this.#turns.begin();
    if (turn !== true && !(await turn)) throw unanswered(call, new Error(NO_TURN));
    try {
      const answer = await this.#ask(call, JSON.stringify(query), since);
      return answerOf(call, answer, [NO_MESSAGE])?.message;
    } finally {
      this.#turns.end();
    }
  }

  /** No answer comes any more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const { call, fail } of this.#pending) fail(new ConnectionClosedError(call));
  }

  #ask(call: string, query: string, since: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ConnectionClosedError(call));
      const answers = this.#mux.open((message) => {
        end();
        try {
          resolve(message.json<Answer>());
        } catch (cause) {
          reject(unanswered(call, refusalOf(message) ?? cause));
        }
      });
      const end = (): void => {
        this.#pending.delete(pending);
        answers.close();
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const pending = { call, since, fail };
      this.#pending.add(pending);
      try {
        this.#connection.publish(`$JS.API.${call}`, query, { reply: answers.subject });
      } catch (cause) {
        const isOver = this.#connection.isClosed() || this.#connection.isDraining();
        fail(isOver ? new ConnectionClosedError(call) : unanswered(call, cause));
      }
    });
  }

  #sweep(): void {
    const oldest = monotonicMs() - TIMEOUT_MS;
    for (const { call, since, fail } of this.#pending) {
      if (since > oldest) return; // In the order in which they came.
      fail(unanswered(call, new Error(`No answer within ${TIMEOUT_MS} ms`)));
    }
  }
}

/** A message without a body says why there is none, such as that nobody listens. */
function refusalOf({ headers }: Msg): Error | undefined {
  return headers === undefined ? undefined : new Error(`The broker answered: ${headers.status}`);
}

const SWEEP_MS = 500;
const MOST_UNDER_WAY = 64;
/** Whoever gets a turn has time left for an answer. */
const TURN_MS = TIMEOUT_MS / 2;
const NO_TURN = `It was not its turn within ${TURN_MS} ms: others wait for their answers`;
const NO_MESSAGE = 10_037;

interface Pending {
  readonly call: string;
  /** When it was wanted. */
  readonly since: number;
  readonly fail: (error: Error) => void;
}

type Answer = ApiAnswer<{ readonly message?: RawMessage }>;

export interface RawMessage {
  readonly subject: string;
  readonly seq: number;
  /** In base64. */
  readonly data?: string;
  /** The block of headers, in base64. */
  readonly hdrs?: string;
  /** When it was stored. */
  readonly time: string;
}
