/** How many columns of a terminal a text takes, to the precision of a table: wide letters and most emoji take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

/** The text, cut so that it takes no more columns; `…` says that it was. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let left = width - 1;
  let cut = "";
  for (const char of text) {
    left -= widthOf(char);
    if (left < 0) break;
    cut += char;
  }
  return width < 1 ? "" : `${cut}…`;
}

function widthOf(char: string): number {
  if (ZERO.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
