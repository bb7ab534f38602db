import fc from "fast-check";
import { expect, test } from "vitest";
import { subjectCovers, subjectsMeet, withSubject } from "../../src/engine/subject-match.ts";

test.each([
  ["a.b", "a.b", true],
  ["a.*", "a.b", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  ["a.*", "a.b.c", false],
  ["a.*.c", "a.*.c", true],
  ["a.b", "a.*", false],
  ["a.*", "a.>", false],
  [">", "a.>", true],
])("%s covers %s: %s", (pattern, subject, expected) => {
  expect(subjectCovers(pattern, subject)).toBe(expected);
});

const literal = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", ".>"),
  )
  .map(([tokens, rest]) => tokens.join(".") + rest);

test("two patterns meet where some literal subject is under both", () => {
  fc.assert(
    fc.property(pattern, pattern, literal, (one, other, tokens) => {
      const subject = tokens.join(".");
      const isUnderBoth = subjectCovers(one, subject) && subjectCovers(other, subject);
      const mustMeet = isUnderBoth || subjectCovers(one, other);
      expect(subjectsMeet(one, other) || !mustMeet).toBe(true);
      expect(subjectsMeet(one, other)).toBe(subjectsMeet(other, one));
    }),
  );
});

test("a stream's subjects never overlap, and hold everything that was ever added", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), (added) => {
      const subjects = added.reduce<readonly string[]>(withSubject, []);
      for (const one of added) {
        expect(subjects.some((held) => subjectCovers(held, one))).toBe(true);
      }
      for (const [at, one] of subjects.entries()) {
        const others = subjects.slice(at + 1);
        expect(others.some((other) => subjectsMeet(one, other))).toBe(false);
      }
    }),
  );
});
