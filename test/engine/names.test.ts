import fc from "fast-check";
import { expect, test } from "vitest";
import { checkStepName, checkToken, isPrintable, isToken } from "../../src/engine/names.ts";
import { InvalidNameError } from "../../src/engine/usage-errors.ts";

test.each(["a", "checkout", "Order_42-b", "-", "_", "0", "x".repeat(128)])(
  "%s may stand in a subject",
  (name) => {
    expect(isToken(name)).toBe(true);
    expect(checkToken("A flow's name", name)).toBe(name);
  },
);

test.each([
  ["nothing", ""],
  ["a dot", "a.b"],
  ["two dots", ".."],
  ["a star", "*"],
  ["a wildcard", ">"],
  ["a space", "a b"],
  ["a line end", "a\r\nb"],
  ["a trailing line end", "a\n"],
  ["unicode", "café"],
  ["129 characters", "x".repeat(129)],
  ["10 KB", "x".repeat(10_240)],
  ["a number", 42],
  ["no value", undefined],
  ["an object that prints well", { toString: () => "a" }],
])("%s may not", (_, name) => {
  expect(isToken(name)).toBe(false);
  expect(() => checkToken("A flow's name", name)).toThrow(InvalidNameError);
});

test("no text that is accepted holds a character with a meaning in subjects", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(isToken(text)).toBe(/^[A-Za-z0-9_-]+$/.test(text) && text.length <= 128);
    }),
  );
});

test.each(["charge", "charge order 42", "a.b/c*>", "größe", "🙂", "x".repeat(128)])(
  "a step may be named %s",
  (name) => {
    expect(checkStepName(name)).toBe(name);
  },
);

test.each([
  ["with # in it, which ends the name in a step's id", "a#1"],
  ["nothing", ""],
  ["with a line end", "a\nb"],
  ["with a null", "a\0"],
  ["with half of a surrogate pair", "a\ud83d"],
  ["129 characters long", "x".repeat(129)],
  ["a number", 1],
])("a step may not be named %s", (_, name) => {
  expect(() => checkStepName(name)).toThrow(InvalidNameError);
});

test.each([
  ["plain text", "abc", true],
  ["a pair of surrogates", "🙂", true],
  ["the first half alone", "\ud83d", false],
  ["the second half alone", "\ude42", false],
  ["the halves the wrong way round", "\ude42\ud83d", false],
  ["a delete", "\u007f", false],
  ["a C1 control", "\u0085", false],
  ["a no-break space, the first after them", "\u00a0", true],
])("%s: printable is %o", (_, text, expected) => {
  expect(isPrintable(text)).toBe(expected);
});
