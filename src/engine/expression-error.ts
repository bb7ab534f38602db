import { MillraceError } from "./millrace-error.ts";

/**
 * A CEL expression cannot be understood, or gave no usable value. `position` and `length` say which of its characters are meant,
 * `line` and `column` the same for people: show the line with a caret below it.
 */
export class ExpressionError extends MillraceError {
  readonly code = "INVALID_EXPRESSION";
  readonly problem: ExpressionProblem;
  readonly expression: string;
  /** Of the first character that is meant, from 0, in UTF-16 units. May be the expression's end. */
  readonly position: number;
  /** At least 1. */
  readonly length: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** What is wrong, without the place. */
  readonly reason: string;

  constructor(
    expression: string,
    trouble: ExpressionTrouble,
    options?: { readonly cause: unknown },
  ) {
    const position = Math.max(0, Math.min(trouble.at, expression.length));
    const before = expression.slice(0, position).split("\n");
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    super(`${trouble.reason} (line ${line}, column ${column}).`, options);
    this.problem = trouble.problem;
    this.expression = expression;
    this.position = position;
    this.length = Math.max(1, trouble.length);
    this.line = line;
    this.column = column;
    this.reason = trouble.reason;
  }
}

/** What is wrong with an expression. Stable across releases. */
export type ExpressionProblem =
  /** More text, more parts or deeper nesting than is allowed. */
  | "too-large"
  | "syntax"
  /** Types that do not fit, unknown variables and functions: seen without any event. */
  | "invalid"
  /** A function that is not allowed here, such as `matches()`. */
  | "refused"
  /** Only with this event: a missing field, a division by zero. */
  | "failed"
  /** Its evaluation takes more work than is allowed. */
  | "too-costly"
  /** Its value is not what is needed here, or cannot stand in JSON. */
  | "wrong-result";

/** What an {@link ExpressionError} is made of; `at` and `length` as in `position` and `length` there. */
export interface ExpressionTrouble {
  readonly problem: ExpressionProblem;
  readonly reason: string;
  readonly at: number;
  readonly length: number;
}
