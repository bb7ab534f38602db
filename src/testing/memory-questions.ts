import {
  NoAnswerError,
  QuestionRefusedError,
  TooManyQuestionsError,
} from "../engine/question-errors.ts";
import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { type AskOptions, MAX_QUESTIONS, type Questions } from "../ports/questions.ts";
import { refusalOf } from "../wire/refusal-codec.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { Answer, MemoryStore, Respond } from "./memory-store.ts";

/** Questions as one connection asks and answers them. */
export class MemoryQuestions implements Questions {
  readonly #broker: MemoryStore;
  readonly #link: MemoryLink;
  /** How to fail each question that waits. */
  readonly #open = new Set<(error: unknown) => void>();

  /** `closed` is the connection's end. */
  constructor(broker: MemoryStore, link: MemoryLink, closed: AbortSignal) {
    this.#broker = broker;
    this.#link = link;
    closed.addEventListener("abort", () => {
      for (const fail of this.#open) fail(closed.reason);
    });
  }

  async ask(subject: string, question: Uint8Array, options: AskOptions): Promise<Uint8Array> {
    const place = this.#broker.subjects.question(subject);
    options.signal?.throwIfAborted();
    const answer = await this.#request(place, question.slice(), options);
    switch (answer) {
      case "nobody":
        throw new NoAnswerError(place);
      case "silence":
        throw new NoAnswerError(place, options.timeoutMs);
      default:
        if (answer.status === "answered") return answer.data;
        throw new QuestionRefusedError(place, answer.refusal.code, answer.refusal.message);
    }
  }

  async answer(
    subject: string,
    answer: (question: Uint8Array) => Promise<Uint8Array>,
  ): Promise<() => Promise<void>> {
    const place = this.#broker.subjects.question(subject);
    const underWay = new Set<Promise<void>>();
    const respond: Respond = (question, back) => {
      if (this.#link.state === "crashed" || this.#link.state === "closed") return false;
      this.#link.receive(() => {
        const work = this.#answered(question, underWay.size < MAX_QUESTIONS ? answer : busy);
        const sent = work.then((found) => this.#link.send(() => back(found)));
        underWay.add(sent);
        void sent.finally(() => underWay.delete(sent));
      });
      return true;
    };
    const respondents = this.#broker.respondents.get(place) ?? new Set();
    this.#broker.respondents.set(place, respondents);
    await this.#atBroker(() => respondents.add(respond));
    return async () => {
      await this.#atBroker(() => respondents.delete(respond)).catch(() => undefined);
      await Promise.all(underWay);
    };
  }

  async #answered(
    question: Uint8Array,
    answer: (question: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Answer> {
    try {
      const data = (await answer(question)).slice();
      if (data.length <= this.#broker.maxMessageBytes) return { status: "answered", data };
      throw new RangeError(`The answer has ${data.length} bytes: more than a message may have.`);
    } catch (error) {
      return { status: "refused", refusal: refusalOf(error) };
    }
  }

  #request(
    place: string,
    question: Uint8Array,
    { timeoutMs, signal }: AskOptions,
  ): Promise<Answer | "nobody" | "silence"> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancelTimer();
        signal?.removeEventListener("abort", onAbort);
        this.#open.delete(fail);
      };
      const settle = (answer: Answer | "nobody" | "silence"): void => {
        end();
        resolve(answer);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const onAbort = (): void => fail(signal?.reason);
      const cancelTimer = this.#link.clock.after(timeoutMs, () => settle("silence"));
      signal?.addEventListener("abort", onAbort);
      this.#open.add(fail);
      const back = (answer: Answer): void => this.#link.receive(() => settle(answer));
      const asked = this.#atBroker(() => this.#handOn(place, question, back));
      asked.then(
        (isTaken) => isTaken || settle("nobody"),
        // What is lost on the way is silence.
        (error: unknown) => error instanceof ConnectionClosedError && fail(error),
      );
    });
  }

  /** At the broker: to one of those who answer, another one each time. */
  #handOn(place: string, question: Uint8Array, back: (answer: Answer) => void): boolean {
    const respondents = this.#broker.respondents.get(place) ?? new Set();
    for (const respond of respondents) {
      respondents.delete(respond);
      if (!respond(question, back)) continue;
      respondents.add(respond);
      return true;
    }
    return false;
  }

  #atBroker<T>(call: () => T): Promise<T> {
    return this.#link.ask(call, (cause) => {
      throw cause;
    });
  }
}

function busy(): Promise<never> {
  return Promise.reject(new TooManyQuestionsError(MAX_QUESTIONS));
}
