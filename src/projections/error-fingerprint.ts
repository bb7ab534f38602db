import { createHash } from "node:crypto";

/**
 * The same 16 hex digits for errors that differ only in what varies from run to run: quoted text, ids (UUIDs, ULIDs, hex of
 * eight digits and more) and numbers, in this order. It is the beginning of the SHA-256 over the name and the message that
 * is left, so it stays the same in every version and can be computed elsewhere.
 */
export function errorFingerprint(name: string, message: string): string {
  const text = `${name}\n${withoutVariables(message)}`;
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}

const DIGITS = 16;

/** What an error says whichever run it was in: `Order 42 of "ann" is late` is `Order # of ? is late`. */
export function withoutVariables(message: string): string {
  let text = message;
  for (const [pattern, mark] of VARIABLES) text = text.replace(pattern, mark);
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Each looks at a character a bounded number of times. An apostrophe within a word quotes nothing. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/"[^"]*"|`[^`]*`|“[^”]*”|(?<!\w)'[^']*'(?!\w)/g, "?"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "#"],
  [/\b[0-7][0-9a-hjkmnp-tv-z]{25}\b/gi, "#"],
  // With a digit in it: "defaced" is a word.
  [/\b(?:0x)?(?=[a-f]{0,64}\d)[0-9a-f]{8,}\b/gi, "#"],
  [/\d+(?:[.,]\d+)*/g, "#"],
];
