/** The known name that somebody probably meant: at most two letters off, or one in a short name. Nothing when none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const text = given.toLowerCase();
  if (text.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let least = text.length <= 4 ? 1 : 2;
  for (const name of known) {
    const off = name === text ? 0 : distance(text, name);
    if (off > least || (off === least && best !== undefined)) continue;
    best = name;
    least = off;
  }
  return best;
}

const MAX_LENGTH = 40;

/** Letters to add, remove, replace, or swap with their neighbour, until one text is the other. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      const replaced = (row[j - 1] ?? 0) + (isSame ? 0 : 1);
      const isSwapped =
        i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped));
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
