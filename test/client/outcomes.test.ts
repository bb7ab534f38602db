import { once } from "node:events";
import { expect, test } from "vitest";
import { Outcomes, type WorkOptions, workOnEach } from "../../src/client/outcomes.ts";

/** Work whose ends the test chooses. */
class Desk {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, () => void>();

  readonly work = async (item: number): Promise<number> => {
    this.begun.push(item);
    await new Promise<void>((resolve) => this.#ends.set(item, resolve));
    return item;
  };

  async end(...items: readonly number[]): Promise<void> {
    for (const item of items) this.#ends.get(item)?.();
    await new Promise(setImmediate);
  }
}

function outcomesOf(
  desk: Desk,
  items: Iterable<number> | AsyncIterable<number>,
  options: Partial<WorkOptions> = {},
): AsyncGenerator<number, undefined> {
  return workOnEach(items, desk.work, { concurrency: 3, order: "items", ...options });
}

async function* slowly(items: readonly number[]): AsyncGenerator<number> {
  for (const item of items) {
    await new Promise(setImmediate);
    yield item;
  }
}

test("nothing begins before it is read, and never more than the bound is under way or unread", async () => {
  const desk = new Desk();
  const outcomes = outcomesOf(desk, [0, 1, 2, 3, 4, 5]);
  await new Promise(setImmediate);
  expect(desk.begun).toEqual([]);
  const first = outcomes.next();
  await desk.end(1, 2); // The first is under way; two are unread.
  expect(desk.begun).toEqual([0, 1, 2]);
  await desk.end(0);
  expect(await first).toEqual({ done: false, value: 0 });
  expect(desk.begun).toEqual([0, 1, 2]);
  await outcomes.next();
  expect(desk.begun).toEqual([0, 1, 2, 3]);
  await outcomes.return(undefined);
});

test("outcomes come in the order of the items, or each as it ends", async () => {
  for (const [order, expected] of [
    ["items", [0, 1, 2]],
    ["ends", [2, 0, 1]],
  ] as const) {
    const desk = new Desk();
    const all = new Outcomes(() => outcomesOf(desk, [0, 1, 2], { order })).toArray();
    await desk.end(2);
    await desk.end(0);
    await desk.end(1);
    expect(await all).toEqual(expected);
  }
});

test("an outcome is given while the next item is still awaited", async () => {
  const desk = new Desk();
  const gate = new EventTarget();
  async function* items(): AsyncGenerator<number> {
    yield 0;
    await once(gate, "more");
    yield 1;
  }
  const outcomes = outcomesOf(desk, items());
  const first = outcomes.next();
  await new Promise(setImmediate);
  await desk.end(0);
  expect(await first).toEqual({ done: false, value: 0 });
  gate.dispatchEvent(new Event("more"));
  const second = outcomes.next();
  await new Promise(setImmediate);
  await desk.end(1);
  expect((await second).value).toBe(1);
  expect(await outcomes.next()).toEqual({ done: true, value: undefined });
});

function* failing(): Generator<number> {
  yield 0;
  throw new Error("no more paper");
}

test("items that throw end the iteration after the outcomes of what was begun", async () => {
  const desk = new Desk();
  const outcomes = outcomesOf(desk, failing());
  const first = outcomes.next();
  await desk.end(0);
  expect((await first).value).toBe(0);
  await expect(outcomes.next()).rejects.toThrow("no more paper");
});

test("an abort begins nothing more, and is thrown after the outcomes of what was begun", async () => {
  const desk = new Desk();
  const abort = new AbortController();
  const outcomes = outcomesOf(desk, slowly([0, 1, 2, 3]), { concurrency: 1, signal: abort.signal });
  const first = outcomes.next();
  await expect.poll(() => desk.begun).toEqual([0]);
  const reason = new Error("enough");
  abort.abort(reason);
  await desk.end(0);
  expect((await first).value).toBe(0);
  await expect(outcomes.next()).rejects.toBe(reason);
  expect(desk.begun).toEqual([0]);
  await expect(outcomesOf(desk, [9], { signal: abort.signal }).next()).rejects.toBe(reason);
  expect(desk.begun).toEqual([0]);
});

test("who stops reading lets the items go", async () => {
  const desk = new Desk();
  let closed = false;
  function* items(): Generator<number> {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      closed = true;
    }
  }
  const outcomes = outcomesOf(desk, items());
  const first = outcomes.next();
  await desk.end(0);
  await first;
  await outcomes.return(undefined);
  expect(closed).toBe(true);
});

test("a hundred thousand items pass through a bound of ten", async () => {
  let underWay = 0;
  let most = 0;
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    underWay--;
    return item;
  };
  const items = Array.from({ length: 100_000 }, (_, item) => item).values();
  let next = 0;
  for await (const outcome of workOnEach(items, work, { concurrency: 10, order: "items" })) {
    expect(outcome === next++).toBe(true);
  }
  expect(next).toBe(100_000);
  expect(most).toBeLessThanOrEqual(10);
});
