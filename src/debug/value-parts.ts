import type { ValueTexts } from "./value-text.ts";

/** A part of a value, and how its path goes on from the value's. */
export interface Part {
  readonly step: string;
  readonly value: unknown;
}

/** The parts of a value that is no leaf and no set, by what tells one from another. */
export function partsOf(value: object, texts: ValueTexts): ReadonlyMap<unknown, Part> {
  if (Array.isArray(value)) return placesOf(value);
  if (value instanceof Map) return entriesOf(value, texts);
  if (value instanceof Error) return factsOf(value);
  const parts = new Map<unknown, Part>();
  for (const [key, part] of Object.entries(value)) {
    parts.set(key, { step: propertyStep(key), value: part });
  }
  return parts;
}

/** The members of a set, by what they are. */
export function membersOf(set: ReadonlySet<unknown>, texts: ValueTexts): ReadonlyMap<string, Part> {
  const members = new Map<string, Part>();
  for (const value of set) {
    const text = texts.of(value);
    members.set(text, { step: `.has(${shortened(text)})`, value });
  }
  return members;
}

/** By own index: a list may have holes, and be far longer than what is in it. */
function placesOf(list: readonly unknown[]): ReadonlyMap<unknown, Part> {
  const parts = new Map<unknown, Part>();
  for (const key of Object.keys(list)) {
    parts.set(key, { step: `[${key}]`, value: list[Number(key)] });
  }
  const { length } = list;
  if (length > 0 && !Object.hasOwn(list, length - 1)) {
    parts.set("length", { step: ".length", value: length });
  }
  return parts;
}

function entriesOf(
  map: ReadonlyMap<unknown, unknown>,
  texts: ValueTexts,
): ReadonlyMap<unknown, Part> {
  const parts = new Map<unknown, Part>();
  for (const [key, value] of map) {
    const text = texts.of(key);
    parts.set(text, { step: `.get(${shortened(text)})`, value });
  }
  return parts;
}

/** What an error says. Its stack names lines and folders, which are the code's and the machine's. */
function factsOf(error: Error): ReadonlyMap<unknown, Part> {
  const { name, message, cause } = error;
  const parts = new Map<unknown, Part>();
  const all: [string, unknown][] = [["name", name], ["message", message], ...Object.entries(error)];
  if (cause !== undefined) all.push(["cause", cause]);
  if (error instanceof AggregateError) all.push(["errors", error.errors]);
  for (const [key, value] of all) {
    if (key !== "stack") parts.set(key, { step: propertyStep(key), value });
  }
  return parts;
}

function propertyStep(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Characters of a map's key or a set's member in a path. */
const MAX_KEY = 60;

function shortened(text: string): string {
  return text.length > MAX_KEY ? `${text.slice(0, MAX_KEY)}…` : text;
}
