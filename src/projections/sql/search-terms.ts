import type { AttributeValue } from "../../engine/attributes.ts";
import type { RunRow } from "../run-row.ts";

/** What a run is found by in the inverted index: `t:` a tag, `w:` a word of its error, `a:` a text or yes or no of its own. */
export function termsOf(row: RunRow): readonly string[] {
  const terms = new Set<string>();
  for (const tag of row.tags) terms.add(tagTerm(tag));
  for (const tag of row.addedTags) terms.add(tagTerm(tag));
  for (const word of errorWordsOf(row)) terms.add(wordTerm(word));
  for (const [name, value] of Object.entries(row.attributes)) {
    if (typeof value === "string" || typeof value === "boolean") {
      terms.add(attributeTerm(name, value));
    }
  }
  return [...terms];
}

export function tagTerm(tag: string): string {
  return `t:${tag}`;
}

export function wordTerm(word: string): string {
  return `w:${word}`;
}

/** A text is never taken for a yes or no. */
export function attributeTerm(name: string, value: string | boolean): string {
  return typeof value === "string" ? `a:${name}=${value}` : `b:${name}=${value}`;
}

/** The numbers and times that a run is found by. */
export function numbersOf({ attributes }: RunRow): readonly NumberEntry[] {
  return Object.entries(attributes).flatMap(([name, value]) =>
    typeof value === "number" || value instanceof Date
      ? [{ name: numberName(name, value), value: Number(value) }]
      : [],
  );
}

export interface NumberEntry {
  readonly name: string;
  readonly value: number;
}

/** A time is never taken for a number. */
export function numberName(name: string, value: AttributeValue): string {
  return value instanceof Date ? `d:${name}` : `n:${name}`;
}

/** The first words of a run's error, its name's before its message's. */
export function errorWordsOf({ errorName, errorMessage }: RunRow): readonly string[] {
  if (errorName === "" && errorMessage === "") return [];
  return [...new Set(wordsOf(`${errorName} ${errorMessage}`))].slice(0, MAX_ERROR_WORDS);
}

/** Letters and digits that stand together, in lower case. What is longer than a word may be is cut. */
export function wordsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(WORD) ?? [];
  return words.map((word) => Array.from(word).slice(0, MAX_WORD).join(""));
}

const WORD = /[\p{L}\p{N}_]+/gu;
/** Of an error; what stands behind them is not found. */
const MAX_ERROR_WORDS = 32;
/** In characters. */
const MAX_WORD = 64;
