import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rate } from "../../src/engine/queue-settings.ts";
import {
  EMPTY_SLOTS,
  freeSlot,
  type SlotRequest,
  type SlotTable,
  takeSlot,
} from "../../src/engine/slot-table.ts";

const NONE = { limit: undefined, rate: undefined };

function request(run: string, worker = "w1", more: Partial<SlotRequest> = {}): SlotRequest {
  return { run, worker, takesOver: false, starts: true, isActive: false, ...more };
}

function taken(table: SlotTable, limit: number, wanted: SlotRequest, now = 0): SlotTable {
  const answer = takeSlot(table, { limit, rate: undefined }, wanted, now);
  if (!answer.granted) throw new Error(`Refused: ${answer.refusal.reason}`);
  return answer.table;
}

test("slots are given up to the limit, then refused with who has them, then given again when one is freed", () => {
  const full = taken(taken(EMPTY_SLOTS, 2, request("a")), 2, request("b"));
  const third = takeSlot(full, { ...NONE, limit: 2 }, request("c"), 0);
  expect(third).toMatchObject({ refusal: { reason: "limit", limit: 2, holders: full.holders } });
  const freed = freeSlot(full, { run: "a", worker: "w1" });
  expect(taken(freed, 2, request("c")).holders.map(({ run }) => run)).toEqual(["b", "c"]);
});

test("whoever has a slot has one slot, however often it asks", () => {
  const once = taken(EMPTY_SLOTS, 1, request("a"), 1);
  expect(taken(once, 1, request("a"), 5).holders).toEqual([{ run: "a", worker: "w1", since: 5 }]);
});

test("a run's slot is refused to a second worker, unless that one takes the run over", () => {
  const table = taken(EMPTY_SLOTS, 1, request("a"));
  const second = takeSlot(table, { ...NONE, limit: 1 }, request("a", "w2"), 0);
  expect(second).toMatchObject({ granted: false, refusal: { reason: "held" } });
  const over = taken(table, 1, request("a", "w2", { takesOver: true }), 3);
  expect(over.holders).toEqual([{ run: "a", worker: "w2", since: 3 }]);
});

test("what the former holder frees after a take-over frees nothing", () => {
  const over = taken(
    taken(EMPTY_SLOTS, 1, request("a")),
    1,
    request("a", "w2", { takesOver: true }),
  );
  expect(freeSlot(over, { run: "a", worker: "w1" })).toBe(over);
});

test("a slot that was taken again is not freed by who saw it before", () => {
  const again = taken(taken(EMPTY_SLOTS, 1, request("a"), 1), 1, request("a"), 2);
  expect(freeSlot(again, { run: "a", worker: "w1", since: 1 })).toBe(again);
  expect(freeSlot(again, { run: "a", worker: "w1", since: 2 }).holders).toEqual([]);
});

test("a run that is active already takes a slot beyond the limit", () => {
  const full = taken(EMPTY_SLOTS, 1, request("a"));
  const forced = taken(full, 1, request("b", "w1", { isActive: true }));
  expect(forced.holders).toHaveLength(2);
});

test("a limit of starts holds in any stretch of its time, and nobody waits longer than that", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 80 });
  const rates: fc.Arbitrary<Rate> = fc.record({
    limit: fc.integer({ min: 1, max: 8 }),
    perMs: fc.integer({ min: 1, max: 10_000 }),
  });
  fc.assert(
    fc.property(gaps, rates, (waits, rate) => {
      const starts: number[] = [];
      const delays = [0];
      let table = EMPTY_SLOTS;
      let now = 1_000_000;
      for (const wait of waits) {
        now += wait;
        let answer = takeSlot(table, { limit: undefined, rate }, request("a"), now);
        if (!answer.granted) {
          if (answer.refusal.reason !== "rate") throw new Error(answer.refusal.reason);
          const { until } = answer.refusal;
          delays.push(until - now);
          now = until;
          answer = takeSlot(table, { limit: undefined, rate }, request("a"), now);
        }
        if (!answer.granted) throw new Error("Refused when it was said to be free");
        table = answer.table;
        starts.push(now);
      }
      for (const [at, start] of starts.entries()) {
        const next = starts[at + rate.limit] ?? Number.POSITIVE_INFINITY;
        expect(next - start).toBeGreaterThanOrEqual(rate.perMs);
      }
      expect(Math.max(...delays)).toBeLessThanOrEqual(rate.perMs * 1.05 + 2);
      expect(table.starts.length).toBeLessThanOrEqual(22);
    }),
  );
});

test("a worker whose clock is behind counts by the newest start, and one far ahead stops nobody for long", () => {
  const rate = { limit: 1, perMs: 1_000 };
  const at = (table: SlotTable, now: number) =>
    takeSlot(table, { limit: undefined, rate }, request("a"), now);
  const first = at(EMPTY_SLOTS, 100_000);
  if (!first.granted) throw new Error("Refused");
  expect(at(first.table, 95_000)).toMatchObject({ refusal: { reason: "rate" } });
  const behindByAnHour = 100_000 - 3_600_000;
  const refused = at(first.table, behindByAnHour);
  expect(refused).toMatchObject({ refusal: { until: behindByAnHour + 1_000 } });
});
