import type { RunFacts } from "./run-facts.ts";

/** A time as sentences name it, with how far away it is: `2026-01-31T12:00:00.000Z (5 min ago)`. */
export function when(time: number, { now }: Pick<RunFacts, "now">): string {
  const away = distance(Math.abs(time - now));
  return `${new Date(time).toISOString()} (${time > now ? `in ${away}` : `${away} ago`})`;
}

/** The first few of a list: `a, b and 7 more`. */
export function some(names: readonly string[], most = 3): string {
  const named = names.slice(0, most).join(", ");
  const more = names.length - most;
  return more > 0 ? `${named} and ${more} more` : named;
}

/** `1 run`, `2 runs`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** The beginning of a text that somebody else wrote, on one line. */
export function brief(text: string): string {
  const line = oneLine(text);
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

const MOST_CHARACTERS = 200;

function distance(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
