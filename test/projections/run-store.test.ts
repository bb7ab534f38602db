import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import type { RunOrder, RunQuery } from "../../src/engine/run-query.ts";
import type { RunRow } from "../../src/projections/run-row.ts";
import type { RowBatch, RunStore, RunView } from "../../src/projections/run-store.ts";
import { openRunStore } from "../../src/projections/sql/open-run-store.ts";
import { onEveryDatabase } from "./support/databases.ts";
import { runRow } from "./support/run-rows.ts";
import { startPostgres } from "./support/start-postgres.ts";

const OLDEST_FIRST: RunOrder = { by: "submitted", direction: "ascending" };

onEveryDatabase("a store of runs", (address) => {
  test("servers that begin at the same time make one store", async () => {
    const at = await address();
    const stores = await Promise.all(Array.from({ length: 4 }, async () => open(at)));
    const views = await Promise.all(stores.map(async (store) => store.open("live", "1")));
    await views[0]?.commit(batch(0, 1, [runRow()]));
    const counts = await Promise.all(stores.map(async ({ view }) => view.count({})));
    expect(counts.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
  });

  test("of two projectors at one partition, the one that comes late stores nothing", async () => {
    const at = await address();
    const [one, other] = [await open(at), await open(at)];
    const views = [await one.open("live", "1"), await other.open("live", "1")] as const;
    const [mine, yours] = [runRow({ key: "mine" }), runRow({ key: "yours" })];
    const done = await Promise.all([
      views[0].commit(batch(0, 10, [mine])),
      views[1].commit(batch(0, 12, [yours])),
    ]);
    expect(done.filter((stored) => stored)).toHaveLength(1);
    const kept = done[0] ? mine : yours;
    expect((await one.view.list({}, { limit: 10 })).rows).toEqual([kept]);
    expect(await one.view.stats()).toEqual([
      { flow: "checkout", queue: "default", status: "pending", count: 1 },
    ]);
    expect(await views[1].checkpoints()).toEqual([checkpoint(done[0] ? 10 : 12)]);
  });

  test("projectors of several partitions write to one view at once, and nothing is lost", async () => {
    const at = await address();
    const stores = [await open(at), await open(at), await open(at)];
    await stores[0]?.open("live", "1");
    await Promise.all(
      stores.map(async (store, partition) => {
        const view = await store.open("live", "1");
        for (let turn = 0; turn < 20; turn++) {
          const rows = ["a", "b"].map((name) => runRow({ key: `${name}-${partition}-${turn}` }));
          expect(await view.commit({ ...batch(turn, turn + 1, rows), partition })).toBe(true);
        }
      }),
    );
    const [store] = stores;
    expect(await store?.view.count({})).toEqual({ count: 120, exact: true });
    expect(await store?.view.count({ key: { prefix: "a-" } })).toEqual({ count: 60, exact: true });
  });

  test("a batch that cannot be stored leaves rows, counts and checkpoint as they were", async () => {
    const store = await open(await address());
    const view = await store.open("live", "1");
    const known = runRow({ key: "known" });
    await view.commit(batch(0, 1, [known]));
    const unknown = runRow({ key: "unknown" });
    const rows = [
      { before: known, after: { ...known, status: "running" as const, tags: ["new"] } },
      { before: unknown, after: { ...unknown, status: "running" as const } },
    ];
    await expect(view.commit({ ...batch(1, 2, []), rows })).rejects.toMatchObject({
      code: "VIEW_DAMAGED",
    });
    expect(await view.checkpoints()).toEqual([checkpoint(1)]);
    expect(await store.view.row(known.id)).toEqual(known);
    expect(await store.view.count({ status: "running" })).toEqual({ count: 0, exact: true });
    expect(await store.view.count({ tags: ["new"] })).toEqual({ count: 0, exact: true });
  });

  test("no run that was there is left out of the pages or comes twice while others arrive and close", async () => {
    const store = await open(await address());
    const view = await store.open("live", "1");
    // Three of each moment: pages end between runs of the same one.
    const first = Array.from({ length: 60 }, (_, at) =>
      runRow({ key: `old-${at}`, submittedAt: 1_000 + Math.floor(at / 3) }),
    );
    await view.commit(batch(0, 1, first));
    for (const order of [undefined, OLDEST_FIRST]) {
      const found: string[] = [];
      let next: string | undefined;
      let sequence = (await view.checkpoints())[0]?.sequence ?? 0;
      do {
        const page = await store.view.list(query(order), { limit: 7, ...after(next) });
        found.push(...page.rows.map(({ key }) => key).filter((key) => key.startsWith("old-")));
        next = page.next;
        const late = [900, 1_010, 2_000].map((submittedAt) =>
          runRow({ key: `new-${sequence}-${submittedAt}`, submittedAt }),
        );
        await view.commit(batch(sequence, ++sequence, late));
      } while (next !== undefined && found.length < 200);
      expect(found.toSorted()).toEqual(first.map(({ key }) => key).toSorted());
    }
  });

  test("a rebuilt view takes the live one's place at once, and the former is gone for who writes it", async () => {
    const at = await address();
    const [writer, reader] = [await open(at), await open(at)];
    const former = await writer.open("live", "1");
    await former.commit(batch(0, 5, [runRow({ key: "former" })]));
    const rebuilt = await writer.open("rebuild", "2");
    await rebuilt.commit(batch(0, 7, [runRow({ key: "rebuilt" }), runRow({ key: "more" })]));
    expect(await keys(reader, {})).toEqual(["former"]);
    await writer.switchOver();
    expect((await keys(reader, {})).toSorted()).toEqual(["more", "rebuilt"]);
    expect(await reader.view.count({})).toEqual({ count: 2, exact: true });
    await expect(former.commit(batch(5, 6, []))).rejects.toMatchObject({ code: "VIEW_GONE" });
    await expect(former.rows(["checkout:x"])).rejects.toMatchObject({ code: "VIEW_GONE" });
    const live = await writer.open("live", "2");
    expect(await live.checkpoints()).toEqual([checkpoint(7)]);
    await writer.switchOver();
    expect(await reader.view.count({})).toEqual({ count: 2, exact: true });
  });

  test("a rebuild goes on where it was, but from the start when another version had begun it", async () => {
    const store = await open(await address());
    const first = await store.open("rebuild", "1");
    await first.commit(batch(0, 5, [runRow()]));
    expect(await (await store.open("rebuild", "1")).checkpoints()).toEqual([checkpoint(5)]);
    const second = await store.open("rebuild", "2");
    expect(await second.checkpoints()).toEqual([]);
    expect(await second.rows([runRow().id])).toEqual(new Map());
  });

  test("the live view of another version is not written", async () => {
    const store = await open(await address());
    await store.open("live", "1");
    await expect(store.open("live", "2")).rejects.toMatchObject({ code: "VIEW_OUTDATED" });
  });

  test("after a rebuild a page begins again with the moment where the last one ended: nothing is left out", async () => {
    const store = await open(await address());
    const runs = Array.from({ length: 12 }, (_, at) =>
      runRow({ key: `run-${at}`, submittedAt: 1_000 + Math.floor(at / 4) }),
    );
    await (await store.open("live", "1")).commit(batch(0, 1, runs));
    const page = await store.view.list({ order: OLDEST_FIRST }, { limit: 6 });
    await (await store.open("rebuild", "1")).commit(batch(0, 1, runs.toReversed()));
    await store.switchOver();
    const rest = await store.view.list({ order: OLDEST_FIRST }, { limit: 20, ...after(page.next) });
    expect(rest.rows.map(({ submittedAt }) => submittedAt)).toEqual(
      [1_001, 1_002].flatMap((time) => [time, time, time, time]),
    );
  });

  test("a cursor of another order, of nobody or of no text is refused", async () => {
    const store = await open(await address());
    const view = await store.open("live", "1");
    await view.commit(batch(0, 1, [runRow({ key: "a" }), runRow({ key: "b" })]));
    const { next = "" } = await store.view.list({}, { limit: 1 });
    await expect(store.view.list({}, { limit: 1, after: next })).resolves.toMatchObject({
      rows: [{ key: "a" }],
    });
    for (const text of [
      "",
      "x",
      "!",
      next.slice(1),
      `${next}A`,
      "a".repeat(10_000),
      forged([1, "submitted", "descending", 1, -1, 0, 0]),
      forged([1, "submitted", "descending", 1, "0 or 1=1", 0, 0]),
      forged([2, "submitted", "descending", 1, 0, 0, 0]),
      forged(null),
    ]) {
      const refused = store.view.list({}, { limit: 1, after: text });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_CURSOR" });
    }
    const other = store.view.list({ order: OLDEST_FIRST }, { limit: 1, after: next });
    await expect(other).rejects.toMatchObject({ code: "INVALID_CURSOR" });
  });

  test("a page has 1 to 1,000 runs, and a time is a date", async () => {
    const store = await open(await address());
    await store.open("live", "1");
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
      await expect(store.view.list({}, { limit })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    }
    const never = { submitted: { from: new Date(Number.NaN) } };
    await expect(store.view.list(never, { limit: 1 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  test("before any projector there is nothing, and that is no error", async () => {
    const { view } = await open(await address());
    expect(await view.list({}, { limit: 1 })).toEqual({ rows: [], next: undefined });
    expect(await view.count({ tags: ["a"] })).toEqual({ count: 0, exact: true });
    expect(await view.stats()).toEqual([]);
    expect(await view.row("checkout:a")).toBeUndefined();
  });

  test("texts that no database takes as they are neither break a search nor find anything", async () => {
    const store = await open(await address());
    await (await store.open("live", "1")).commit(batch(0, 1, [runRow({ tags: ["a"] })]));
    const odd = "\0'\"; drop table runs_1; -- \ud800%_\\";
    const queries: RunQuery[] = [
      { tags: [odd] },
      { anyTag: [odd] },
      { key: odd },
      { key: { prefix: odd } },
      { flow: odd },
      { queue: [odd, odd] },
      { worker: odd },
      { parent: odd },
      { root: odd },
      { fingerprint: odd },
      { text: odd },
      { attributes: [{ name: odd, is: "=", value: odd }] },
      { attributes: [{ name: odd, is: ">", value: Number.NaN }] },
      { attributes: [{ name: odd, is: ">", value: Number.POSITIVE_INFINITY }] },
    ];
    for (const asked of queries) {
      expect(await store.view.list(asked, { limit: 10 })).toEqual({ rows: [], next: undefined });
      expect(await store.view.count(asked)).toEqual({ count: 0, exact: true });
    }
    expect(await store.view.row(odd)).toBeUndefined();
    expect(await store.view.count({})).toEqual({ count: 1, exact: true });
  });
});

describe("what is at the address", () => {
  let folder = "";
  const inFolder = async (name: string): Promise<string> => {
    folder = await mkdtemp(join(tmpdir(), "millrace-runs-"));
    return join(folder, name);
  };
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  test("a file that is no database is refused and left as it is", async () => {
    const file = await inFolder("notes.txt");
    await writeFile(file, "not a database ".repeat(1_000));
    await expect(openRunStore(file)).rejects.toMatchObject({ code: "FOREIGN_DATABASE" });
    expect(await readFile(file, "utf8")).toBe("not a database ".repeat(1_000));
  });

  test("a database of something else is refused and left as it is", async () => {
    const file = await inFolder("other.db");
    const other = new Libsql(file);
    other.exec("create table invoices (id integer)");
    other.close();
    const bytes = await readFile(file);
    await expect(openRunStore(file)).rejects.toMatchObject({ code: "FOREIGN_DATABASE" });
    expect(await readFile(file)).toEqual(bytes);
  });

  test("a file of a later version is refused", async () => {
    const file = await inFolder("later.db");
    await (await openRunStore(file)).close();
    const later = new Libsql(file);
    later.exec("update millrace_store set schema_version = 99");
    later.close();
    await expect(openRunStore(file)).rejects.toMatchObject({ code: "NEWER_SCHEMA" });
  });

  test("a place where no file can be made is named", async () => {
    const file = await inFolder("plain");
    await writeFile(file, "");
    const refused = openRunStore(join(file, "runs.db"));
    await expect(refused).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE" });
    await expect(refused).rejects.toThrow(file);
  });

  test("a server that is not there is named, without its password", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await new Promise((resolve) => closed.close(resolve));
    const refused = openRunStore(`postgres://ann:secret@127.0.0.1:${port}/runs`);
    await expect(refused).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE" });
    await expect(refused).rejects.toThrow(`127.0.0.1:${port}/runs`);
    await expect(refused).rejects.not.toThrow("secret");
  });
});

test.runIf((process.env["MILLRACE_TEST_POSTGRES"] ?? "") === "")(
  "a store goes on by itself after PostgreSQL was killed and started again",
  async () => {
    const server = await startPostgres();
    try {
      const store = await openRunStore(await server.newDatabase());
      const view = await store.open("live", "1");
      await view.commit(batch(0, 1, [runRow()]));
      await server.kill();
      const down = { code: "DATABASE_UNREACHABLE" };
      await expect(store.view.list({}, { limit: 1 })).rejects.toMatchObject(down);
      await expect(view.commit(batch(1, 2, []))).rejects.toMatchObject(down);
      await server.start();
      expect(await view.commit(batch(1, 2, [runRow({ key: "next" })]))).toBe(true);
      expect(await store.view.count({})).toEqual({ count: 2, exact: true });
      await store.close();
    } finally {
      await server.stop();
    }
  },
);

function batch(expected: number, sequence: number, rows: readonly RunRow[]): RowBatch {
  return {
    partition: 0,
    expected,
    checkpoint: checkpoint(sequence),
    rows: rows.map((row) => ({ before: undefined, after: row })),
  };
}

function checkpoint(sequence: number): Awaited<ReturnType<RunView["checkpoints"]>>[number] {
  return { partition: 0, sequence, storedAt: 1_700_000_000_000, incarnation: "2026-01-01" };
}

async function open(at: string): Promise<RunStore> {
  const store = await openRunStore(at);
  onTestFinished(async () => store.close());
  return store;
}

function forged(parts: unknown): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

function query(order: RunOrder | undefined): RunQuery {
  return order === undefined ? {} : { order };
}

function after(next: string | undefined): { after?: string } {
  return next === undefined ? {} : { after: next };
}

async function keys({ view }: RunStore, asked: RunQuery): Promise<readonly string[]> {
  const { rows } = await view.list(asked, { limit: 100 });
  return rows.map(({ key }) => key);
}
