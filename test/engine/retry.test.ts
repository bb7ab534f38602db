import fc from "fast-check";
import { expect, test } from "vitest";
import { nextDelayMs, type RetryOptions, retryPolicy } from "../../src/engine/retry.ts";
import { InvalidDurationError, InvalidOptionError } from "../../src/engine/usage-errors.ts";

/** The delays after the first failed attempts, without a spread. */
function delays(options: RetryOptions, count: number): readonly number[] {
  const policy = retryPolicy(options);
  return Array.from({ length: count }, (_, at) => nextDelayMs(policy, at + 1, 0.5));
}

test("a task that says nothing is tried once", () => {
  expect(retryPolicy()).toMatchObject({ attempts: 1, jitter: 0 });
});

test("a list of delays is used in order, and the last one repeats", () => {
  expect(delays({ attempts: 9, delays: ["1s", "5s", 30_000] }, 5)).toEqual([
    1_000, 5_000, 30_000, 30_000, 30_000,
  ]);
});

test("a list of delays without a number of attempts is used up", () => {
  expect(retryPolicy({ delays: ["1s", "5s"] }).attempts).toBe(3);
});

test("delays grow by the factor up to the maximum", () => {
  expect(delays({ attempts: 9 }, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(delays({ attempts: 99 }, 20).at(-1)).toBe(300_000);
  const backoff = { initial: "10ms", factor: 3, max: "200ms" } as const;
  expect(delays({ attempts: 9, backoff }, 5)).toEqual([10, 30, 90, 200, 200]);
});

test("jitter spreads a delay by its share, both ways", () => {
  const policy = retryPolicy({ attempts: 2, delays: ["10s"], jitter: 0.2 });
  expect(nextDelayMs(policy, 1, 0)).toBe(8_000);
  expect(nextDelayMs(policy, 1, 0.5)).toBe(10_000);
  expect(nextDelayMs(policy, 1, 1)).toBe(12_000);
});

test("every delay is a whole number of milliseconds that a clock can wait for", () => {
  const anyOptions = fc.record({
    attempts: fc.constant(Number.POSITIVE_INFINITY),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    backoff: fc.record({
      initial: fc.integer({ min: 0, max: 1_000_000 }),
      factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      max: fc.integer({ min: 0, max: 1_000_000_000 }),
    }),
  });
  const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      anyOptions,
      fc.integer({ min: 1, max: 1_000_000 }),
      anyChance,
      (options, n, chance) => {
        const delay = nextDelayMs(retryPolicy(options), n, chance);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(2 * options.backoff.max);
      },
    ),
  );
});

test("no delay at all stays none after thousands of attempts", () => {
  const policy = retryPolicy({ attempts: Number.POSITIVE_INFINITY, backoff: { initial: 0 } });
  expect(nextDelayMs(policy, 5_000, 0.5)).toBe(0);
});

test("what is not worth another attempt is asked of the policy; all is, by default", () => {
  expect(retryPolicy({ attempts: 2 }).when(new Error("any"))).toBe(true);
  const policy = retryPolicy({ attempts: 2, when: (error) => error instanceof TypeError });
  expect(policy.when(new TypeError("yes"))).toBe(true);
  expect(policy.when(new Error("no"))).toBe(false);
});

test.each<[string, RetryOptions]>([
  ["no attempt", { attempts: 0 }],
  ["half an attempt", { attempts: 1.5 }],
  ["NaN attempts", { attempts: Number.NaN }],
  ["an empty list of delays", { attempts: 2, delays: [] }],
  ["a negative jitter", { jitter: -0.1 }],
  ["more jitter than the delay", { jitter: 1.1 }],
  ["NaN jitter", { jitter: Number.NaN }],
  ["a shrinking factor", { backoff: { factor: 0.5 } }],
  ["a factor of NaN", { backoff: { factor: Number.NaN } }],
  ["an endless factor", { backoff: { factor: Number.POSITIVE_INFINITY } }],
])("a policy with %s is refused when it is made", (_, options) => {
  expect(() => retryPolicy(options)).toThrow(InvalidOptionError);
});

test("a policy with a delay that is none is refused when it is made", () => {
  expect(() => retryPolicy({ attempts: 2, delays: [-1] })).toThrow(InvalidDurationError);
  expect(() => retryPolicy({ backoff: { max: Number.NaN } })).toThrow(InvalidDurationError);
});

test("unlimited attempts are a policy", () => {
  expect(retryPolicy({ attempts: Number.POSITIVE_INFINITY }).attempts).toBe(Infinity);
});
