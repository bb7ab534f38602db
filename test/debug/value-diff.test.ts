import fc, { type Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { diffValues, isSameValue } from "../../src/debug/value-diff.ts";
import { decodeValue, encodeValue } from "../../src/wire/value-codec.ts";

/** Values as payloads hold them. */
const anyLeaf: Arbitrary<unknown> = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 8 }),
);
const anyKey = fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__");
const anyValue: Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyLeaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(anyKey, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((all) => new Map(all)),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => new Set(all)),
  ),
})).value;

/** As it comes out of a history: a copy that shares nothing with the original. */
function copied(value: unknown): unknown {
  return decodeValue(encodeValue(value, "a value"));
}

test("a value and its copy are the same, whatever they hold", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const { differences, more, isCut } = diffValues(value, copied(value));
      expect({ differences, more, isCut }).toEqual({ differences: [], more: 0, isCut: false });
    }),
    { numRuns: 500 },
  );
});

/** A place in a tree of records and lists, as a path and as keys. */
const anyTree = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium" },
    anyLeaf,
    fc.array(tie("tree"), { minLength: 1, maxLength: 4 }),
    fc.dictionary(anyKey, tie("tree"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    fc
      .array(fc.tuple(fc.string(), tie("tree")), { minLength: 1, maxLength: 3 })
      .map((all) => new Map(all)),
  ),
})).tree;

interface Place {
  readonly path: string;
  readonly holder: object;
  readonly key: unknown;
  readonly value: unknown;
}

function* placesIn(value: unknown, path: string): Generator<Place> {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  const parts: [step: string, key: unknown, part: unknown][] = [];
  if (Array.isArray(value)) value.forEach((part, at) => parts.push([`[${at}]`, at, part]));
  else if (value instanceof Map) {
    for (const [key, part] of value) parts.push([`.get(${JSON.stringify(key)})`, key, part]);
  } else {
    for (const [key, part] of Object.entries(value)) {
      const step = /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      parts.push([step, key, part]);
    }
  }
  for (const [step, key, part] of parts) {
    yield { path: path + step, holder: value, key, value: part };
    yield* placesIn(part, path + step);
  }
}

function put({ holder, key }: Place, value: unknown): void {
  if (holder instanceof Map) holder.set(key, value);
  else (holder as Record<string, unknown>)[key as string] = value;
}

test("a change that is planted anywhere is found at its path, and nothing else is", () => {
  fc.assert(
    fc.property(anyTree, fc.nat(), fc.nat(), (value, seed, planted) => {
      const changed = copied(value);
      const places = [...placesIn(changed, "$")];
      fc.pre(places.length > 0);
      const place = places[seed % places.length] as Place;
      const mark = `planted ${planted}`;
      fc.pre(place.value !== mark);
      const before = copied(place.value);
      put(place, mark);
      const { differences, more } = diffValues(value, changed);
      expect(more).toBe(0);
      expect(differences).toEqual([{ path: place.path, kind: "changed", a: before, b: mark }]);
    }),
    { numRuns: 500 },
  );
});

test("two values are told the same in both directions, or different in both", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      const [there, back] = [diffValues(a, b), diffValues(b, a)];
      expect(back.differences.map(({ path }) => path).toSorted()).toEqual(
        there.differences.map(({ path }) => path).toSorted(),
      );
    }),
  );
});

const NOON = new Date(Date.UTC(2026, 4, 4, 12));
const cases: readonly (readonly [string, unknown, unknown, readonly object[]])[] = [
  [
    "a date that differs by a millisecond",
    { at: NOON },
    { at: new Date(NOON.getTime() + 1) },
    [{ path: "$.at", kind: "changed" }],
  ],
  [
    "a key that is missing, and one that is undefined",
    {},
    { a: undefined },
    [{ path: "$.a", kind: "only-in-b" }],
  ],
  [
    "lists of different lengths",
    [1, 2, 3],
    [1],
    [
      { path: "$[1]", kind: "only-in-a", a: 2 },
      { path: "$[2]", kind: "only-in-a", a: 3 },
    ],
  ],
  ["a key that is no name", { "a b": 1 }, { "a b": 2 }, [{ path: '$["a b"]', a: 1, b: 2 }]],
  [
    "a member of a set",
    new Set([1, "1"]),
    new Set([1, 2n]),
    [
      { path: '$.has("1")', kind: "only-in-a" },
      { path: "$.has(2n)", kind: "only-in-b" },
    ],
  ],
  [
    "members that are objects, in another order",
    new Set([{ a: 1, b: 2 }, [3]]),
    new Set([[3], { b: 2, a: 1 }]),
    [],
  ],
  [
    "a map whose keys are objects",
    new Map([[{ id: 1 }, "x"]]),
    new Map([[{ id: 1 }, "y"]]),
    [{ path: '$.get({"id":1})', a: "x", b: "y" }],
  ],
  ["a list and a record", [], {}, [{ path: "$", kind: "changed" }]],
  ["zero and minus zero", [0], [-0], [{ path: "$[0]" }]],
  ["no number twice", [Number.NaN], [Number.NaN], []],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3]), [{ path: "$", kind: "changed" }]],
  ["a hole at the end of a list", sparse(3), sparse(4), [{ path: "$.length", a: 3, b: 4 }]],
  [
    "errors of another message",
    new TypeError("no"),
    new TypeError("yes"),
    [{ path: "$.message", a: "no", b: "yes" }],
  ],
];

test.each(cases)("%s", (_, a, b, differences) => {
  expect(diffValues(a, b).differences).toMatchObject(differences);
});

test("the stack of an error does not count, its own data and its causes do", () => {
  expect(isSameValue(soldOut(7, "shelf"), soldOut(7, "shelf"))).toBe(true);
  const { differences } = diffValues(soldOut(7, "shelf"), soldOut(8, "van"));
  expect(differences.map(({ path }) => path)).toEqual(["$.sku", "$.cause.message"]);
});

test("values that hold themselves are compared, and a change inside is found once", () => {
  expect(isSameValue(ring("a"), ring("a"))).toBe(true);
  expect(diffValues(ring("a"), ring("b")).differences).toMatchObject([{ path: "$.name" }]);
});

test("of many differences the first are kept and the rest counted", () => {
  const { differences, more } = diffValues(multiples(1), multiples(2), { limit: 10 });
  expect([differences.length, more]).toEqual([10, 989]);
});

test("what is too deep to be compared is said to be, and is never called the same", () => {
  expect(diffValues(deep(1), deep(2))).toEqual({ differences: [], more: 0, isCut: true });
  expect(isSameValue(deep(1), deep(1))).toBe(false);
  expect(diffValues(new Set([deep(1)]), new Set([deep(1)])).isCut).toBe(true);
});

test("values that share parts many times over do not multiply the work", () => {
  expect(isSameValue(wide(1), wide(1))).toBe(true);
});

function ring(name: string): object {
  const first: Record<string, unknown> = { name };
  first["next"] = { back: first, all: new Map([["self", first]]) };
  return first;
}

function deep(end: unknown): unknown {
  let value = end;
  for (let at = 0; at < 100_000; at++) value = [value];
  return value;
}

function wide(end: number): unknown {
  let value: unknown = end;
  for (let at = 0; at < 60; at++) value = { left: value, right: value };
  return value;
}

function soldOut(sku: number, cause: string): Error {
  return Object.assign(new Error("sold out", { cause: new Error(cause) }), { sku });
}

function multiples(n: number): number[] {
  return Array.from({ length: 1_000 }, (_, at) => at * n);
}

function sparse(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}
