/** True when everything that `subject` may stand for is under `pattern` too. Both may have wildcards. */
export function subjectCovers(pattern: string, subject: string): boolean {
  const wide = pattern.split(".");
  const narrow = subject.split(".");
  for (const [at, token] of wide.entries()) {
    const other = narrow[at];
    if (other === undefined) return false;
    if (token === ">") return true;
    if (other === ">" || (token !== "*" && token !== other)) return false;
  }
  return wide.length === narrow.length;
}

/** True when some literal subject is under both. */
export function subjectsMeet(one: string, other: string): boolean {
  const [left, right] = [one.split("."), other.split(".")];
  for (let at = 0; ; at++) {
    const [token, against] = [left[at], right[at]];
    if (token === undefined || against === undefined) return token === against;
    if (token === ">" || against === ">") return true;
    if (token !== against && token !== "*" && against !== "*") return false;
  }
}

/**
 * A stream's subjects with one more: a broker takes no two that overlap. One that another covers is left out, and of two that
 * overlap in part what covers both takes the place.
 */
export function withSubject(subjects: readonly string[], added: string): readonly string[] {
  if (subjects.some((held) => subjectCovers(held, added))) return subjects;
  const rest = subjects.filter((held) => !subjectCovers(added, held));
  const met = rest.find((held) => subjectsMeet(held, added));
  if (met === undefined) return [...rest, added];
  return withSubject(
    rest.filter((held) => held !== met),
    coverOf(met, added),
  );
}

/** The narrowest pattern over two that overlap. */
function coverOf(one: string, other: string): string {
  const [left, right] = [one.split("."), other.split(".")];
  const tokens: string[] = [];
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [token, against] = [left[at], right[at]];
    if (token === ">" || against === ">") return [...tokens, ">"].join(".");
    tokens.push(token === against ? String(token) : "*");
  }
  return tokens.join(".");
}
