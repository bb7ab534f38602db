/**
 * Questions over the broker to whoever answers them, such as a `millrace server`: nothing is stored. Promises, which one
 * contract suite checks on every adapter:
 *
 * - A question is answered by one of those who answer its subject, however many there are.
 * - Nobody answers: `NoAnswerError` at once. No answer in time: `NoAnswerError` too.
 * - What `answer` throws reaches the asker as `QuestionRefusedError` with its code and message.
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
