/**
 * Questions over the broker to whoever answers them, such as a `millrace server`: nothing is stored. Promises, which one
 * contract suite checks on every adapter:
 *
 * - A question is answered by one of those who answer its subject, however many there are.
 * - Nobody answers: `NoAnswerError` at once. No answer in time: `NoAnswerError` too.
 * - What `answer` throws reaches the asker as `QuestionRefusedError` with its code and message. So does an answer that is
 *   larger than a message may be.
 * - No more than {@link MAX_QUESTIONS} are answered at a time: one too many is refused (`TOO_MANY_QUESTIONS`).
 *
 * A subject is tokens with dots between them.
 */
export interface Questions {
  ask(subject: string, question: Uint8Array, options: AskOptions): Promise<Uint8Array>;
  /** Answers questions from now on; the function it gives stops that when those under way are answered. */
  answer(
    subject: string,
    answer: (question: Uint8Array) => Promise<Uint8Array>,
  ): Promise<() => Promise<void>>;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Questions of one subject that a process answers at the same time. */
export const MAX_QUESTIONS = 256;
