import { expect, test } from "vitest";
import type { QueueProgress } from "../../src/ports/work-queue.ts";
import { Stalls } from "../../src/server/caretaker/stalls.ts";

function stalls(): { readonly told: string[]; readonly stalls: Stalls } {
  const told: string[] = [];
  const log = {
    warn: (_: object, text: string) => told.push(text),
    info: (_: object, text: string) => told.push(text),
  };
  // SAFETY: it is called in this one way.
  return { told, stalls: new Stalls(log as never, 30_000) };
}

const STUCK: QueueProgress = {
  partition: 0,
  kind: "new",
  place: "q",
  waiting: 3,
  openPulls: 1,
  handedOutUpTo: 7,
};

test("a queue that stands still for 30 s although workers ask is told of, once", () => {
  const { told, stalls: found } = stalls();
  for (let now = 0; now < 30_000; now += 5_000) found.see([STUCK], now);
  expect(found.now).toEqual([]);
  for (let now = 30_000; now < 90_000; now += 5_000) found.see([STUCK], now);
  expect(found.now).toMatchObject([{ place: "q", kind: "new", since: 0 }]);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("although 3 messages wait and 1 requests are open");
  found.see([{ ...STUCK, handedOutUpTo: 8 }], 90_000);
  expect(found.now).toEqual([]);
  expect(told).toHaveLength(2);
});

test.each([
  ["nobody asks for more", { openPulls: 0 }],
  ["nothing waits", { waiting: 0 }],
  ["it moves", { handedOutUpTo: 8 }],
])("no stall while %s now and then", (_, change) => {
  const { told, stalls: found } = stalls();
  for (let now = 0; now < 300_000; now += 20_000) {
    found.see([now % 40_000 === 0 ? STUCK : { ...STUCK, ...change }], now);
    expect(found.now).toEqual([]);
  }
  expect(told).toEqual([]);
});
