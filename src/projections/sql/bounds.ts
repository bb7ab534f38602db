import { type RawBuilder, sql } from "kysely";
import type { TimeWindow } from "../../engine/run-query.ts";
import { InvalidOptionError } from "../../engine/usage-errors.ts";

/** A condition as SQL, true or false for each row. */
export type Condition = RawBuilder<unknown>;

/** What no stored text has is not looked for as it is: a database would refuse the question. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Surrogate}\0]/gu, "\ufffd");
}

/** In these: any of them; none for an empty list. */
export function isOneOf(column: Condition, values: readonly string[]): Condition {
  if (values.length === 0) return sql`1 = 0`;
  return values.length === 1
    ? sql`${column} = ${values[0]}`
    : sql`${column} in (${sql.join(values)})`;
}

/** Texts that begin with this, as a range of bytes. */
export function hasPrefix(column: Condition, prefix: string): Condition {
  const end = afterPrefix(prefix);
  const from = sql`${column} >= ${prefix}`;
  return end === undefined ? from : sql`${from} and ${column} < ${end}`;
}

/** From inclusive, to exclusive. A run that never came to this time is in no window. */
export function isWithin(column: Condition, { from, to }: TimeWindow): Condition {
  return isBetween(column, Math.max(1, timeOf(from) ?? 1), timeOf(to));
}

/** From inclusive, to exclusive, in milliseconds since 1970. */
export function isBetween(
  column: Condition,
  from: number | undefined,
  to: number | undefined,
): Condition {
  const parts: Condition[] = [];
  if (from !== undefined) parts.push(sql`${column} >= ${from}`);
  if (to !== undefined) parts.push(sql`${column} < ${to}`);
  return allOf(parts);
}

export function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`1 = 1` : sql`${sql.join(conditions, sql` and `)}`;
}

function timeOf(date: Date | undefined): number | undefined {
  if (date === undefined) return undefined;
  const time = date.getTime();
  if (Number.isNaN(time)) throw new InvalidOptionError("a time", date, "it is no valid date");
  return time;
}

/** The first text that is behind all that begin with the prefix, in the order of their bytes. */
function afterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (;;) {
    const last = characters.pop()?.codePointAt(0);
    if (last === undefined) return undefined;
    // Between the two are the surrogates, which are no characters.
    if (last < 0x10ffff) {
      return [...characters, String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)].join("");
    }
  }
}
