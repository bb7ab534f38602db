import type { QueryError } from "../index.ts";
import { printable } from "./printable.ts";
import { textWidth } from "./text-width.ts";

/**
 * A query with a caret under what is wrong in it:
 *
 * ```
 *   flow:checkout stauts:failed
 *                 ^~~~~~
 * ```
 */
export function queryErrorLines(
  { query, position, length }: Pick<QueryError, "query" | "position" | "length">,
  paint: (text: string) => string = (text) => text,
): readonly string[] {
  const from = Math.max(0, position - SHOWN_BEFORE);
  const to = Math.min(query.length, position + SHOWN_AFTER);
  const before = (from > 0 ? "…" : "") + printable(query.slice(from, position));
  const wrong = printable(query.slice(position, Math.min(position + length, to)));
  const after = printable(query.slice(Math.min(position + length, to), to));
  const rest = to < query.length ? "…" : "";
  const tail = "~".repeat(Math.max(0, textWidth(wrong) - 1));
  return [
    `  ${before}${wrong}${after}${rest}`,
    `  ${" ".repeat(textWidth(before))}${paint(`^${tail}`)}`,
  ];
}

/** Of a long query only the neighbourhood is shown. */
const SHOWN_BEFORE = 40;
const SHOWN_AFTER = 38;
