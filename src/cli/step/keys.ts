/** A key as it was pressed: its name, or the one character that it types; `resize` stands for another size of the screen. */
export type Key = string;

/** The keys in what a terminal sends, several when it sends them together. Sequences that mean no key here are left out. */
export function keysIn(text: string): readonly Key[] {
  const keys: Key[] = [];
  for (const [sequence] of text.matchAll(SEQUENCE)) {
    const name = NAMES.get(sequence);
    if (name !== undefined) keys.push(name);
    else if (!CONTROL.test(sequence)) keys.push(sequence);
  }
  return keys;
}

/** `ESC [ 1 ; 5 C`, `ESC O H`, or any one character. */
// oxlint-disable-next-line no-control-regex -- What terminals send begins with one.
const SEQUENCE = /\u001b\[[0-9;]*[A-Za-z~]|\u001bO[A-Za-z]|./gsu;
// oxlint-disable-next-line no-control-regex -- The same.
const CONTROL = /^[\u0000-\u001f\u007f]/;

const NAMES: ReadonlyMap<string, Key> = new Map([
  ["\u001b[A", "up"],
  ["\u001bOA", "up"],
  ["\u001b[B", "down"],
  ["\u001bOB", "down"],
  ["\u001b[C", "right"],
  ["\u001bOC", "right"],
  ["\u001b[D", "left"],
  ["\u001bOD", "left"],
  ["\u001b[H", "home"],
  ["\u001bOH", "home"],
  ["\u001b[1~", "home"],
  ["\u001b[7~", "home"],
  ["\u001b[F", "end"],
  ["\u001bOF", "end"],
  ["\u001b[4~", "end"],
  ["\u001b[8~", "end"],
  ["\u001b[5~", "page-up"],
  ["\u001b[6~", "page-down"],
  ["\u001b", "escape"],
  ["\r", "return"],
  ["\n", "return"],
  ["\u007f", "backspace"],
  ["\b", "backspace"],
  ["\u0003", "interrupt"],
  ["\u0004", "interrupt"],
]);
