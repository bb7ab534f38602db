/** What is wrong with a text as XML, for the part of it that our pictures use; nothing when it is well-formed. */
export function notWellFormed(xml: string): string | undefined {
  if (!CHARACTERS.test(xml)) return "a character";
  const open: string[] = [];
  let [end, roots] = [0, 0];
  for (const token of xml.matchAll(TOKEN)) {
    end += token[0].length;
    const isOutside = open.length === 0;
    if (!isToken(token[0], open)) return `${token[0]} in <${open.at(-1)}>`;
    if (isOutside && open.length > 0) roots++;
  }
  const isWhole = end === xml.length && open.length === 0;
  return isWhole && roots === 1 ? undefined : `${roots} roots, then ${xml.slice(end, end + 40)}`;
}

const CHARACTERS = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
/** A tag, with its attributes in double quotes, or the text between two. */
const TOKEN = /<\/[\w:-]+\s*>|<[\w:-]+(?:\s+[\w:-]+="[^"<]*")*\s*\/?>|[^<]+/gy;

/** True for what may stand there; opens and closes elements. */
function isToken(token: string, open: string[]): boolean {
  if (/&(?!#\d+;|amp;|lt;|gt;|quot;|apos;)/.test(token)) return false;
  if (!token.startsWith("<")) return open.length > 0 || token.trim() === "";
  const name = /[\w:-]+/.exec(token)?.[0] ?? "";
  if (token.startsWith("</")) return open.pop() === name;
  if (!token.endsWith("/>")) open.push(name);
  const attributes = [...token.matchAll(/\s([\w:-]+)="/g)].map(([, attribute]) => attribute);
  return new Set(attributes).size === attributes.length;
}
