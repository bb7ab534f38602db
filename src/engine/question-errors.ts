import { MillraceError } from "./millrace-error.ts";

/** Nobody answers such questions, or nobody did in time. Runs go on all the same. */
export class NoAnswerError extends MillraceError {
  readonly code = "NO_ANSWER";
  readonly subject: string;
  /** How long it was waited for; nothing when the broker knows nobody who answers. */
  readonly timeoutMs: number | undefined;

  constructor(subject: string, timeoutMs?: number) {
    super(
      timeoutMs === undefined
        ? `Nobody answers ${subject}: no server of this namespace is running. Start one: millrace server`
        : `Question ${subject} was not answered within ${timeoutMs} ms. Is the server overloaded? Ask again, or start another one: millrace server`,
    );
    this.subject = subject;
    this.timeoutMs = timeoutMs;
  }
}

/** Whoever answers such questions did not answer this one. `refusal` is the code of the error that it met there. */
export class QuestionRefusedError extends MillraceError {
  readonly code = "QUESTION_REFUSED";
  readonly subject: string;
  /** Stable, such as `INVALID_QUERY`. */
  readonly refusal: string;

  constructor(subject: string, refusal: string, message: string) {
    super(message);
    this.subject = subject;
    this.refusal = refusal;
  }
}

/** One process was asked more at a time than it answers. */
export class TooManyQuestionsError extends MillraceError {
  readonly code = "TOO_MANY_QUESTIONS";

  constructor(limit: number) {
    super(`The server has ${limit} questions under way. Ask again, or start another one.`);
  }
}
