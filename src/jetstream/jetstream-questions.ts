import { headers, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import {
  NoAnswerError,
  QuestionRefusedError,
  TooManyQuestionsError,
} from "../engine/question-errors.ts";
import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { type AskOptions, MAX_QUESTIONS, type Questions } from "../ports/questions.ts";
import { decodeRefusal, encodeRefusal, refusalOf } from "../wire/refusal-codec.ts";
import type { Subjects } from "../wire/subjects.ts";
import type { Mux } from "./mux.ts";

/** Questions as core requests: to one member of the group that answers a subject. */
export class JetStreamQuestions implements Questions {
  readonly #parts: QuestionParts;

  constructor(parts: QuestionParts) {
    this.#parts = parts;
  }

  async ask(subject: string, question: Uint8Array, options: AskOptions): Promise<Uint8Array> {
    const place = this.#parts.subjects.question(subject);
    options.signal?.throwIfAborted();
    const answer = await this.#request(place, question, options);
    if (answer === undefined) throw new NoAnswerError(place, options.timeoutMs);
    if (answer.headers?.code === NO_RESPONDERS) throw new NoAnswerError(place);
    if (answer.headers?.has(REFUSED) !== true) return answer.data;
    const { code, message } = decodeRefusal(answer.data);
    throw new QuestionRefusedError(place, code, message);
  }

  async answer(
    subject: string,
    answer: (question: Uint8Array) => Promise<Uint8Array>,
  ): Promise<() => Promise<void>> {
    const { connection, subjects } = this.#parts;
    const underWay = new Set<Promise<void>>();
    const take = (message: Msg): void => {
      const work = reply(message, underWay.size < MAX_QUESTIONS ? answer : busy);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    };
    const subscription = connection.subscribe(subjects.question(subject), {
      queue: GROUP,
      callback: (error, message) => {
        if (error === null) take(message);
      },
    });
    // From here on the broker knows of it.
    await connection.flush();
    return async () => {
      await drain(subscription);
      await Promise.all(underWay);
    };
  }

  /** The answer, whatever it says; nothing when none comes in time. */
  #request(
    subject: string,
    question: Uint8Array,
    { timeoutMs, signal }: AskOptions,
  ): Promise<Msg | undefined> {
    const { connection, mux, closed } = this.#parts;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        answers.close();
        signal?.removeEventListener("abort", onAbort);
        closed.removeEventListener("abort", onClosed);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const settle = (answer?: Msg): void => {
        end();
        resolve(answer);
      };
      const onAbort = (): void => fail(signal?.reason);
      const onClosed = (): void => fail(closed.reason);
      const answers = mux.open(settle);
      const timer = setTimeout(settle, timeoutMs);
      signal?.addEventListener("abort", onAbort);
      closed.addEventListener("abort", onClosed);
      try {
        connection.publish(subject, question, { reply: answers.subject });
      } catch (error) {
        const isOver = connection.isClosed() || connection.isDraining();
        fail(isOver ? new ConnectionClosedError(`question ${subject}`) : error);
      }
    });
  }
}

interface QuestionParts {
  readonly connection: NatsConnection;
  readonly mux: Mux;
  readonly subjects: Subjects;
  /** The connection's end. */
  readonly closed: AbortSignal;
}

/** All who answer a subject are one group: each question goes to one of them. */
const GROUP = "millrace";
const REFUSED = "Millrace-Refused";
const NO_RESPONDERS = 503;

async function reply(
  message: Msg,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  try {
    message.respond(await answer(message.data));
  } catch (error) {
    refuse(message, error);
  }
}

function refuse(message: Msg, error: unknown): void {
  const head = headers();
  head.set(REFUSED, "1");
  try {
    message.respond(encodeRefusal(refusalOf(error)), { headers: head });
  } catch {
    // The connection is closed: whoever asked hears nothing, and knows what that means.
  }
}

function busy(): Promise<never> {
  return Promise.reject(new TooManyQuestionsError(MAX_QUESTIONS));
}

async function drain(subscription: Subscription): Promise<void> {
  // Draining fails when there is no connection any more: nothing comes then.
  if (!subscription.isClosed()) await subscription.drain().catch(() => undefined);
}
