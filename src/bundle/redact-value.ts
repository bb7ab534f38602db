import type { Names, Paths } from "./redaction-path.ts";

/** Told of each value that a path leads to, before a marker takes its place. */
export type OnRedacted = (path: number, way: readonly Names[], value: unknown) => void;

/**
 * Puts markers in the place of what the paths lead to. The value is changed in place: what stands in it twice loses what either
 * way leads to. Gives the value, or its marker.
 */
export function redactValue(
  value: unknown,
  paths: Paths,
  way: readonly Names[],
  onRedacted: OnRedacted,
): unknown {
  return new Redactor(onRedacted).visit(value, paths, way);
}

class Redactor {
  readonly #onRedacted: OnRedacted;
  /** Values may be cyclic. */
  readonly #seen = new Map<object, Set<string>>();

  constructor(onRedacted: OnRedacted) {
    this.#onRedacted = onRedacted;
  }

  visit(value: unknown, paths: Paths, way: readonly Names[]): unknown {
    if (paths.isEmpty || value === undefined || isMarker(value)) return value;
    const { hit } = paths;
    if (hit !== undefined) {
      this.#onRedacted(hit, way, value);
      return markerOf(value);
    }
    if (typeof value !== "object" || value === null || this.#wasHere(value, paths)) return value;
    const inner = (name: string, one: unknown): unknown =>
      this.visit(one, paths.down([name]), [...way, [name]]);
    changeInside(value, inner);
    return value;
  }

  #wasHere(value: object, { key }: Paths): boolean {
    const keys = this.#seen.get(value) ?? new Set();
    this.#seen.set(value, keys);
    const was = keys.has(key);
    keys.add(key);
    return was;
  }
}

/** Calls for each value inside, and puts what it gives in its place. Dates, bytes and the like have none. */
export function changeInside(value: object, change: (name: string, one: unknown) => unknown): void {
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) if (at in value) value[at] = change(String(at), one);
  } else if (value instanceof Map) {
    for (const [key, one] of value) value.set(key, change(String(key), one));
  } else if (value instanceof Set) {
    const items = [...value].map((one, at) => change(String(at), one));
    value.clear();
    for (const one of items) value.add(one);
  } else if (isPlainObject(value)) {
    for (const [key, one] of Object.entries(value)) {
      const changed = change(key, one);
      if (changed !== one) value[key] = changed;
    }
  }
}

/** What stands in the place of a value: its type can still be read. */
export function markerOf(value: unknown): string {
  return `[redacted ${typeName(value)}]`;
}

/** True for what stands in the place of something that was taken out before. */
export function isMarker(value: unknown): boolean {
  return typeof value === "string" && /^\[redacted[ a-z]*\]$/.test(value);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Date) return "date";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  return typeof value;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
