/** What is wrong with a text as XML, for the part of it that our pictures use; nothing when it is well-formed. */
export function notWellFormed(xml: string): string | undefined {
  if (!CHARACTERS.test(xml)) return "a character";
  const open: string[] = [];
  let [end, roots] = [0, 0];
  for (const token of xml.matchAll(TOKEN)) {
    end += token[0].length;
    const [, closed, opened, attributes = "", alone, text] = token;
    const wrong = wrongWords(text ?? attributes);
    if (wrong !== undefined) return wrong;
    if (text !== undefined && open.length === 0 && text.trim() !== "")
      return `text outside: ${text}`;
    if (closed !== undefined && open.pop() !== closed) return `</${closed}> closes another`;
    if (opened === undefined) continue;
    if (open.length === 0) roots++;
    if (alone === "") open.push(opened);
  }
  const isWhole = end === xml.length && open.length === 0 && roots === 1;
  return isWhole
    ? undefined
    : `after ${roots} roots, in <${open.at(-1)}>: ${xml.slice(end, end + 40)}`;
}

const CHARACTERS = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const TOKEN = /<\/([\w:-]+)\s*>|<([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

function wrongWords(words: string): string | undefined {
  if (/&(?!#\d+;|amp;|lt;|gt;|quot;|apos;)/.test(words)) return `an & in ${words}`;
  const names = [...words.matchAll(/([\w:-]+)="/g)].map(([, name]) => name);
  return new Set(names).size === names.length ? undefined : `an attribute twice in ${words}`;
}
