import { bytesOf, leafText, sortOf } from "./value-sort.ts";

/** Texts by which values are told apart: the same for values that are the same, whatever the order of their keys and members. */
export class ValueTexts {
  /** True once a value was too large or too deep for its whole text. */
  isCut = false;
  #left = MAX_VALUES;

  of(value: unknown): string {
    return this.#text(value, []);
  }

  #text(value: unknown, inside: readonly object[]): string {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value !== "object" || value === null)
      return Object.is(value, -0) ? "-0" : String(value);
    const up = inside.indexOf(value);
    if (up !== -1) return `<itself, ${inside.length - up} up>`;
    if (--this.#left < 0 || inside.length > MAX_DEPTH) {
      this.isCut = true;
      return "…";
    }
    return this.#textOfObject(value, [...inside, value]);
  }

  #textOfObject(value: object, inside: readonly object[]): string {
    const text = (part: unknown): string => this.#text(part, inside);
    const sort = sortOf(value);
    if (sort.startsWith("leaf ")) return namedText(value, sort.slice("leaf ".length));
    if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
    if (value instanceof Set) return `Set{${[...value].map(text).toSorted().join(",")}}`;
    if (value instanceof Map) {
      const entries = [...value].map(([key, part]) => `${text(key)}=>${text(part)}`);
      return `Map{${entries.toSorted().join(",")}}`;
    }
    const error = value instanceof Error ? `${value.name}(${JSON.stringify(value.message)})` : "";
    const own = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}:${text(part)}`);
    return `${error}{${own.toSorted().join(",")}}`;
  }
}

/** Values that are written out, all told. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 128;

function namedText(value: object, tag: string): string {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return `${tag}(${Buffer.from(bytes).toString("base64")})`;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Date(invalid)" : `Date(${value.toISOString()})`;
  }
  return `${tag}(${leafText(value)})`;
}
