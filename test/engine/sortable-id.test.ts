import fc from "fast-check";
import { expect, test } from "vitest";
import { isToken } from "../../src/engine/names.ts";
import { sortableId } from "../../src/engine/sortable-id.ts";

test("an id made later sorts later, whatever chance gives", () => {
  const anyTime = fc.integer({ min: 0, max: 2 ** 48 });
  const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(anyTime, anyTime, anyChance, anyChance, (a, b, one, other) => {
      fc.pre(a < b);
      expect(sortableId(a, () => one) < sortableId(b, () => other)).toBe(true);
    }),
  );
});

test("an id is 26 characters that may stand in a subject", () => {
  const id = sortableId(Date.UTC(2026, 0, 1), Math.random);
  expect(id.length).toBe(26);
  expect(isToken(id)).toBe(true);
  expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]+$/);
});

test("the same time and chance give the same id", () => {
  expect(sortableId(0, () => 0)).toBe("0".repeat(26));
  expect(sortableId(33.7, () => 0.999_999)).toBe(`0000000011${"z".repeat(16)}`);
});

test("ten thousand ids of one millisecond differ", () => {
  const ids = Array.from({ length: 10_000 }, () => sortableId(1_700_000_000_000, Math.random));
  expect(new Set(ids).size).toBe(10_000);
});
