import fc from "fast-check";
import { expect, test } from "vitest";
import { partitionOf } from "../../src/engine/partition.ts";
import { runRef } from "../../src/engine/run-id.ts";

// Computed by another implementation of FNV-1a. Fixed for ever: another hash would lose every stored run.
test.each([
  ["checkout", "order-42", [0, 0, 1, 4, 4, 1]],
  ["a", "b", [0, 0, 1, 4, 12, 94]],
  ["ship", "café", [0, 1, 1, 3, 3, 30]],
])("%s:%s stands in the partition where it was put", (flow, key, expected) => {
  const run = runRef(flow, key);
  expect([1, 2, 3, 8, 16, 97].map((count) => partitionOf(run, count))).toEqual(expected);
});

test("a partition is a whole number below their count, the same each time", () => {
  const anyKey = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
  const printable = anyKey.filter((key) => !/\p{Cc}/u.test(key));
  fc.assert(
    fc.property(printable, fc.integer({ min: 1, max: 1_000 }), (key, count) => {
      const partition = partitionOf(runRef("f", key), count);
      expect(Number.isInteger(partition)).toBe(true);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(count);
      expect(partitionOf(runRef("f", key), count)).toBe(partition);
    }),
  );
});

test("many keys spread over the partitions", () => {
  const counts = Array.from({ length: 8 }, () => 0);
  for (let at = 0; at < 8_000; at++) {
    const partition = partitionOf(runRef("order", `order-${at}`), 8);
    counts[partition] = (counts[partition] ?? Number.NaN) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(250);
});
