import type { ExpressionError } from "../index.ts";
import { queryErrorLines } from "./render-query-error.ts";

/** The line of an expression with a caret under what is wrong in it. */
export function expressionErrorLines(
  { expression, position, length, line, column }: ExpressionError,
  paint?: (text: string) => string,
): readonly string[] {
  const query = expression.split("\n")[line - 1] ?? "";
  // What goes on in the next line is shown to the end of this one.
  const rest = Math.max(1, query.length - (column - 1));
  const isAll = position === 0 && length >= expression.length;
  const shown = isAll ? query.length : Math.min(length, rest);
  return queryErrorLines({ query, position: column - 1, length: shown }, paint);
}
