/**
 * Text from outside as it may stand in XML, in an element or a quoted attribute: nothing in it is markup, and what XML does not
 * allow, moves a cursor or reorders what stands beside it is written as an escape.
 */
export function xmlText(text: string): string {
  return text
    .replaceAll(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]/gu;
