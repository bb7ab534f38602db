import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunQuery } from "../../src/engine/run-query.ts";
import type { RunRow } from "../../src/projections/run-row.ts";
import type { RunSearch, RunView } from "../../src/projections/run-store.ts";
import { openDatabase } from "../../src/projections/sql/open-run-store.ts";
import { SqlRunStore } from "../../src/projections/sql/sql-run-store.ts";
import { onEveryDatabase } from "./support/databases.ts";
import { naiveSearch } from "./support/naive-search.ts";
import { runLives, runQueries } from "./support/row-arbitraries.ts";

/** Each way of searching is taken with a few dozen runs, too. */
const LIMITS = { few: 2, stretch: 3, many: 6 };

onEveryDatabase("search", (address) => {
  test("what a query finds, its order, its pages and its count are those of a plain look at each run", async () => {
    const store = await SqlRunStore.open(await openDatabase(await address()), LIMITS);
    let version = 0;
    await fc.assert(
      fc.asyncProperty(
        runLives,
        fc.array(runQueries, { minLength: 20, maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (lives, queries, limit) => {
          const view = await store.open("rebuild", String(version++));
          await live(view, lives);
          await store.switchOver();
          const runs = lives.map((life) => last(life));
          for (const query of queries) await check(store.view, runs, query, limit);
          expect(await store.view.stats()).toEqual(statsOf(runs));
          const ids = runs.map(({ id }) => id);
          expect(await view.rows(ids)).toEqual(new Map(runs.map((run) => [run.id, run])));
        },
      ),
      { numRuns: 40, interruptAfterTimeLimit: 40_000 },
    );
    await store.close();
  });
});

/** Commits all steps of these lives, several of one run together now and then. */
async function live(view: RunView, lives: readonly (readonly RunRow[])[]): Promise<void> {
  const steps = Math.max(0, ...lives.map(({ length }) => length));
  for (let step = 0; step < steps; step++) {
    const rows = lives.flatMap((life, at) => {
      // Every third run begins with its last row: it was over before it was first seen.
      const late = at % 3 === 0;
      const after = late ? (step === 0 ? life.at(-1) : undefined) : life[step];
      return after === undefined ? [] : [{ before: late ? undefined : life[step - 1], after }];
    });
    const checkpoint = { partition: 0, sequence: step + 1, storedAt: 1, incarnation: "one" };
    expect(await view.commit({ partition: 0, expected: step, checkpoint, rows })).toBe(true);
  }
}

async function check(search: RunSearch, runs: readonly RunRow[], query: RunQuery, limit: number) {
  const expected = naiveSearch(runs, query);
  const pages = await allPages(search, query, limit);
  const found = pages.flat();
  // Only the last page may be short.
  expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
  const by = query.order?.by ?? "submitted";
  const place = (run: RunRow) => [run[`${by}At`], run.submittedAt];
  expect(found.map(place)).toEqual(expected.map(place));
  expect(byId(found)).toEqual(byId(expected));
  expect(await search.count(query)).toEqual({ count: expected.length, exact: true });
  const { count, exact } = await search.count(query, 2);
  expect(exact ? count === expected.length : count <= expected.length).toBe(true);
}

async function allPages(search: RunSearch, query: RunQuery, limit: number) {
  const pages: (readonly RunRow[])[] = [];
  let next: string | undefined;
  do {
    const page = await search.list(query, {
      limit,
      ...(next === undefined ? {} : { after: next }),
    });
    pages.push(page.rows);
    next = page.next;
  } while (next !== undefined && pages.length < 100);
  return pages;
}

function statsOf(runs: readonly RunRow[]): readonly unknown[] {
  const counts = new Map<string, { flow: string; queue: string; status: string; count: number }>();
  for (const { flow, queue, status } of runs) {
    const key = JSON.stringify([flow, queue, status]);
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { flow, queue, status, count });
  }
  return [...counts.entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, stats]) => stats);
}

function byId(runs: readonly RunRow[]): readonly RunRow[] {
  return runs.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function last(life: readonly RunRow[]): RunRow {
  const row = life.at(-1);
  if (row === undefined) throw new Error("a life without a row");
  return row;
}
