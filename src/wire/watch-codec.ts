/** What lease threads say to each other about who watches whom (docs/protocol.md). Anybody can send anything there. */
import { isToken } from "../engine/names.ts";
import type { HeldChanges, HeldToken } from "../engine/peer-watch/held-list.ts";
import type { Volunteer } from "../engine/peer-watch/watchers.ts";

/** Asked of one worker's thread. */
export type WatchQuestion =
  /** What do you hold? The asker knows it up to a number. */
  | { readonly ask: "held"; readonly by: string; readonly knows: number }
  /** Watch this worker, which asks. */
  | { readonly ask: "watch"; readonly worker: string }
  /** Will you see to the runs of this worker, which is gone? */
  | { readonly ask: "takes"; readonly worker: string }
  /** This worker leaves in good order, and holds nothing. */
  | { readonly ask: "leaves"; readonly worker: string };

export type WatchAnswer =
  | (HeldChanges & { readonly answer: "held"; readonly first: string })
  /** `held`: the asker is not one of its watchers. */
  | { readonly answer: "no" }
  | { readonly answer: "yes" };

export function encodeQuestion(question: WatchQuestion): string {
  return JSON.stringify(question);
}

export function decodeQuestion(text: string): WatchQuestion | undefined {
  const { ask, by, knows, worker } = fieldsOf(text);
  if (ask === "held") return isToken(by) && isCount(knows) ? { ask, by, knows } : undefined;
  const isKnown = ask === "watch" || ask === "takes" || ask === "leaves";
  return isKnown && isToken(worker) ? { ask, worker } : undefined;
}

export function encodeAnswer(answer: WatchAnswer): string {
  if (answer.answer !== "held") return JSON.stringify(answer);
  return JSON.stringify({ ...answer, held: flat(answer.held), gone: flat(answer.gone) });
}

export function decodeAnswer(text: string): WatchAnswer | undefined {
  const { answer, first, held, gone, upTo, more } = fieldsOf(text);
  if (answer === "yes" || answer === "no") return { answer };
  if (answer !== "held" || !isCounts(held) || !isCounts(gone)) return undefined;
  if (!isToken(first) || !isCount(upTo)) return undefined;
  return { answer, first, held: pairs(held), gone: pairs(gone), upTo, more: more === true };
}

export function encodeVolunteer(volunteer: Volunteer): string {
  return JSON.stringify(volunteer);
}

export function decodeVolunteer(text: string): Volunteer | undefined {
  const { worker, watches } = fieldsOf(text);
  return isToken(worker) && isCount(watches) ? { worker, watches } : undefined;
}

/** Whoever looks for watchers says only who it is. */
export function encodeSeeker(worker: string): string {
  return JSON.stringify({ worker });
}

export function decodeSeeker(text: string): string | undefined {
  const { worker } = fieldsOf(text);
  return isToken(worker) ? worker : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : {};
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length % 2 === 0 && value.every(isCount);
}

/** Partition and sequence in turn: a tenth of what objects would take. */
function flat(tokens: readonly HeldToken[]): readonly number[] {
  return tokens.flatMap(({ partition, sequence }) => [partition, sequence]);
}

function pairs(numbers: readonly number[]): readonly HeldToken[] {
  const tokens: HeldToken[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    tokens.push({ partition: numbers[at] ?? 0, sequence: numbers[at + 1] ?? 0 });
  }
  return tokens;
}
