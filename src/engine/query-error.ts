import { MillraceError } from "./millrace-error.ts";

/**
 * A query cannot be understood. `position` and `length` say which of its characters are meant: show them with a caret, and
 * `suggestion` (what was probably meant) in their place.
 */
export class QueryError extends MillraceError {
  readonly code = "INVALID_QUERY";
  readonly problem: QueryProblem;
  readonly query: string;
  /** Of the first character that is wrong, from 0, in UTF-16 units. May be the query's end. */
  readonly position: number;
  /** At least 1. */
  readonly length: number;
  /** What may stand there, as people read it. */
  readonly expected: string;
  readonly suggestion: string | undefined;

  constructor(query: string, trouble: QueryTrouble) {
    const { at, length, expected, suggestion } = trouble;
    const meant = suggestion === undefined ? "" : ` Did you mean ${suggestion}?`;
    super(`${trouble.message} (at character ${at + 1}): expected ${expected}.${meant}`);
    this.problem = trouble.problem;
    this.query = query;
    this.position = at;
    this.length = Math.max(1, length);
    this.expected = expected;
    this.suggestion = suggestion;
  }
}

/** What is wrong with a query. Stable across releases. */
export type QueryProblem =
  | "too-long"
  | "unknown-field"
  | "missing-value"
  | "invalid-value"
  | "invalid-operator"
  | "one-value-only"
  | "given-twice"
  | "not-excludable"
  | "unclosed-quote"
  | "misplaced-character";

/** What a {@link QueryError} is made of; `at` and `length` as in `position` and `length` there. */
export interface QueryTrouble {
  readonly problem: QueryProblem;
  readonly message: string;
  readonly at: number;
  readonly length: number;
  readonly expected: string;
  readonly suggestion?: string | undefined;
}
