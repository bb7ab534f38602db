import fc from "fast-check";
import { expect, test } from "vitest";
import { errorFingerprint, withoutVariables } from "../../src/projections/error-fingerprint.ts";

test.each([
  ["Order 42 of 'ann' is late", "Order # of ? is late"],
  ['Unexpected token "x" at 1.5', "Unexpected token ? at #"],
  ["can't pay, won't pay", "can't pay, won't pay"],
  ["no run checkout:order-42", "no run checkout:order-#"],
  ["id 123e4567-e89b-12d3-a456-426614174000 is gone", "id # is gone"],
  ["run 01JABCDEFGHJKMNPQRSTVWXYZ0 is gone", "run # is gone"],
  ["blob 9f86d081884c7d65 is defaced", "blob # is defaced"],
  ["took 1,250.75 ms\n  at line 3", "took # ms at line #"],
])("%j is %j whichever run it was in", (message, expected) => {
  expect(withoutVariables(message)).toBe(expected);
});

test("errors of one message with other numbers have one fingerprint, other names and texts have others", () => {
  const late = errorFingerprint("Error", "order 1 is late");
  expect(errorFingerprint("Error", "order 2 is late")).toBe(late);
  expect(errorFingerprint("TypeError", "order 1 is late")).not.toBe(late);
  expect(errorFingerprint("Error", "order 1 is lost")).not.toBe(late);
});

test("a fingerprint stays what it is: rows of earlier versions have it", () => {
  expect(errorFingerprint("TypeError", "x is not a function")).toBe("c9ebeb38cf797848");
});

test("any text has a fingerprint of 16 hex digits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (message) => {
      expect(errorFingerprint("Error", message)).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});
