import { expect, test } from "vitest";
import { AttributeInvalidError } from "../../src/engine/attribute-invalid-error.ts";
import { attributeTypeOf, checkAttributes } from "../../src/engine/attributes.ts";

test.each([
  ["text", "ann"],
  ["text", ""],
  ["text", "é".repeat(128)],
  ["number", 0],
  ["number", -1.5],
  ["boolean", false],
  ["date", new Date(0)],
])("%s is the type of %j", (type, value) => {
  expect(attributeTypeOf(value)).toBe(type);
});

test.each([
  ["text of more than 256 bytes", "é".repeat(129)],
  ["text of 65 characters of four bytes", "💥".repeat(65)],
  ["text with a control character", "a\0b"],
  ["half a surrogate pair", "\ud800"],
  ["NaN", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["a date before 1970", new Date(-1)],
  ["an invalid date", new Date(Number.NaN)],
  ["null", null],
  ["a list", ["a"]],
  ["an object", {}],
  ["a big integer", 1n],
])("%s cannot be searched", (_, value) => {
  expect(attributeTypeOf(value)).toBeUndefined();
  expect(() => checkAttributes("run a:1", { it: value })).toThrow(AttributeInvalidError);
});

test.each([
  ["a value of another type", { amount: "42" }, /amount.*give a finite number/],
  ["a name that is not declared", { customer: "ann" }, /customer.*not declared/],
  ["a name that every object has", { constructor: "x" }, /constructor.*not declared/],
])("%s is refused, and the error names it", (_, given, message) => {
  expect(() => checkAttributes("flow checkout", given, { amount: "number" })).toThrow(message);
});

test("names are tokens, and there are 32 of them at most", () => {
  expect(() => checkAttributes("run a:1", { "not a token": 1 })).toThrow(/letters, digits/);
  expect(() => checkAttributes("run a:1", JSON.parse('{"__proto__": 1}'))).toThrow(/letters/);
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`a${n}`, n]));
  expect(() => checkAttributes("run a:1", many)).toThrow(/a32.*at most 32/);
});

test("what is undefined is left out", () => {
  expect(checkAttributes("run a:1", { a: undefined, b: 1 })).toEqual({ b: 1 });
});
