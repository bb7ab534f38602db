/** What sort of value it is: two of different sorts have no part in common. */
export type Sort =
  | "null"
  | "array"
  | "map"
  | "set"
  | "error"
  | "record"
  | `leaf ${string}`
  | `primitive ${string}`;

export function sortOf(value: unknown): Sort {
  if (value === null) return "null";
  if (typeof value !== "object") return `primitive ${typeof value}`;
  if (Array.isArray(value)) return "array";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  if (value instanceof Error) return "error";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return isLeaf(value, tag) ? `leaf ${tag}` : "record";
}

/** True when two leaves of one sort say the same. */
export function isSameLeaf(a: object, b: object): boolean {
  const [bytesA, bytesB] = [bytesOf(a), bytesOf(b)];
  if (bytesA !== undefined && bytesB !== undefined) return Buffer.compare(bytesA, bytesB) === 0;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  return leafText(a) === leafText(b);
}

/** The bytes of whatever is made of them. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Sorts of objects that a payload can hold and that have no parts. */
const LEAVES = new Set(["Date", "RegExp", "URL", "URLSearchParams", "Number", "String", "Boolean"]);

function isLeaf(value: object, tag: string): boolean {
  return LEAVES.has(tag) || tag.startsWith("Temporal.") || bytesOf(value) !== undefined;
}

/** What a leaf says: all of them have a text of their own. */
export function leafText(leaf: object): string {
  return (leaf as { toString(): string }).toString();
}
