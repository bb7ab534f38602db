import fc from "fast-check";
import { expect, test } from "vitest";
import { type Duration, toMilliseconds } from "../../src/engine/duration.ts";
import { InvalidDurationError } from "../../src/engine/usage-errors.ts";

test.each<[Duration, number]>([
  ["250ms", 250],
  ["10s", 10_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["3d", 259_200_000],
  ["1w", 604_800_000],
  ["1.5s", 1_500],
  ["0ms", 0],
  [0, 0],
  [1_234, 1_234],
  [0.2, 1],
  ["0.1ms", 1],
])("%s is %d milliseconds, rounded up", (duration, ms) => {
  expect(toMilliseconds(duration)).toBe(ms);
});

test.each([
  ["text without a unit", "10"],
  ["an unknown unit", "10y"],
  ["a space", "10 s"],
  ["a leading space", " 10s"],
  ["a negative one", "-1s"],
  ["two at once", "1h30m"],
  ["an exponent", "1e3s"],
  ["a name of Object's prototype as unit", "1constructor"],
  ["upper case", "1S"],
  ["nothing", ""],
  ["a negative number", -1],
  ["NaN", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["more than ten thousand years", "3651000d"],
  ["no value", undefined],
  ["null", null],
  ["an object", {}],
  ["an endless text", "9".repeat(10_000)],
])("%s is refused", (_, duration) => {
  expect(() => toMilliseconds(duration as Duration)).toThrow(InvalidDurationError);
});

test("whole milliseconds come back as they are, however they are written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 315_360_000_000_000 }), (ms) => {
      expect(toMilliseconds(ms)).toBe(ms);
      expect(toMilliseconds(`${ms}ms`)).toBe(ms);
    }),
  );
});
