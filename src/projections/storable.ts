import type { Attributes } from "../engine/attributes.ts";
import { isPrintable } from "../engine/names.ts";

/**
 * What a message says as any database keeps it: what is in the log was written by anybody, and a text or number that one of
 * them refuses would stop the projection for good (I11).
 */
export function storableText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  // No NUL in PostgreSQL, and no half of a surrogate pair in UTF-8.
  return cut.replaceAll(/[\p{Surrogate}\0]/gu, "\ufffd");
}

/** Milliseconds since 1970 that a `Date` can hold; 0 for what is no time. */
export function storableTime(time: number): number {
  return time >= 0 && time <= LAST_TIME ? Math.floor(time) : 0;
}

/** A finite number; JSON, in which some of it is kept, has no -0. */
export function storableNumber(number: number): number {
  return Number.isFinite(number) ? number + 0 : 0;
}

/** Attributes of a message: what is none was passed over when it was read. */
export function storableAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "number" ? storableNumber(value) : value,
    ]),
  );
}

/** A stream sequence as a frame claims it. */
export function storableSequence(sequence: number): number {
  return Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : 0;
}

/** The tags that a submission or flow may have, once each; others are passed over. */
export function storableTags(tags: readonly string[]): readonly string[] {
  const valid = tags.filter(
    (tag) => tag !== "" && tag.length <= MAX_TAG_LENGTH && isPrintable(tag),
  );
  return [...new Set(valid)].slice(0, MAX_TAGS);
}

const LAST_TIME = 8_640_000_000_000_000;
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;
