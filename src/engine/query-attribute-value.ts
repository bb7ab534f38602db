import { readIsoTime, type WrittenTime } from "./moment.ts";
import type { QueryValue } from "./query-tokens.ts";

/** What a value that stands after an attribute's name means. */
export type ReadAttribute =
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "date"; readonly time: WrittenTime };

/**
 * Finds a value's type by its looks: a number as JSON writes it (so `007` is none), `true` or `false`, an ISO time, and text
 * otherwise. What was quoted or escaped is text.
 */
export function readAttributeValue({
  text,
  isLiteral,
}: Pick<QueryValue, "text" | "isLiteral">): ReadAttribute {
  if (isLiteral) return { type: "text", value: text };
  if (text === "true" || text === "false") return { type: "boolean", value: text === "true" };
  const time = readIsoTime(text);
  if (time !== undefined) return { type: "date", time };
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number)
    ? { type: "number", value: number }
    : { type: "text", value: text };
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
