/**
 * Text from outside made safe to show: control characters, and those that reorder what stands beside them, become
 * escapes. A key or an error message must not move somebody's cursor.
 */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** The same for text of several lines, such as a stack: line breaks and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll(UNSAFE, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

/** JSON escapes the lower control characters itself; this does the others, and leaves the document the same. */
export function printableJson(json: string): string {
  return json.replaceAll(UNSAFE, (char) => (char === "\n" ? char : escaped(char)));
}

const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
