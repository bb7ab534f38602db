import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunStatus } from "../../src/engine/run-status.ts";
import type { RunRow } from "../../src/projections/run-row.ts";
import type { RunCandidates, RunStore } from "../../src/projections/run-store.ts";
import { openRunStore } from "../../src/projections/sql/open-run-store.ts";
import { runRow } from "./support/run-rows.ts";
import { startPostgres } from "./support/start-postgres.ts";

const NOW = 1_700_000_000_000;

function row(key: string, status: RunStatus, given: Partial<RunRow> = {}): RunRow {
  return runRow({ key, status, headSequence: 5, updatedAt: NOW, ...given });
}

const ROWS: readonly RunRow[] = [
  row("a", "suspended", { lastInput: 9, inboxFolded: 7 }),
  row("b", "suspended", { lastInput: 9, inboxFolded: 9, wakeAt: NOW - 1 }),
  row("c", "scheduled", { lastInput: 9, wakeAt: NOW - 1 }),
  row("d", "scheduled", { wakeAt: NOW }),
  row("e", "pending", { lastInput: 9, inboxFolded: 8 }),
  row("f", "pending", { lastInput: 9, headSequence: 0 }),
  row("g", "running", { lastInput: 9, updatedAt: NOW - 1, worker: "w" }),
  row("h", "awaiting-retry", { updatedAt: NOW - 1, worker: "w" }),
  row("i", "cancelling", { updatedAt: NOW - 1, worker: "w" }),
  row("j", "running", { worker: "w" }),
  row("k", "completed", { lastInput: 9, wakeAt: NOW - 1, updatedAt: NOW - 1 }),
  row("l", "parked", { lastInput: 9 }),
  row("m", "suspended"),
];

const DATABASES: readonly {
  readonly name: string;
  open(): Promise<{ readonly store: RunStore; stop(): Promise<void> }>;
}[] = [
  {
    name: "libsql",
    open: async () => {
      const folder = await mkdtemp(join(tmpdir(), "millrace-candidates-"));
      const store = await openRunStore(join(folder, "runs.db"));
      return { store, stop: () => rm(folder, { recursive: true, force: true }) };
    },
  },
  {
    name: "PostgreSQL",
    open: async () => {
      const server = await startPostgres();
      const store = await openRunStore(await server.newDatabase());
      return { store, stop: () => server.stop() };
    },
  },
];

describe.each(DATABASES)("runs that may need a repair, in $name", (database) => {
  let opened: Awaited<ReturnType<typeof database.open>>;
  beforeAll(async () => {
    opened = await database.open();
  });
  afterAll(async () => {
    await opened.store.close();
    await opened.stop();
  });

  async function keys(which: RunCandidates): Promise<string> {
    const found: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const rows: readonly RunRow[] = await opened.store.view.candidates(which, {
        limit: 2,
        ...(after === "" ? {} : { after }),
      });
      found.push(...rows.map(({ key }) => key));
      after = rows.at(-1)?.id;
    }
    return found.join("");
  }

  test("are found by what their rows say, page by page, also after they have changed", async () => {
    const view = await opened.store.open("live", "1");
    const commit = (rows: readonly { before: RunRow | undefined; after: RunRow }[], to: number) =>
      view.commit({
        partition: 0,
        expected: to - 1,
        checkpoint: { partition: 0, sequence: to, storedAt: NOW, incarnation: "i" },
        rows,
      });
    expect(await keys({ kind: "unfolded" })).toBe("");
    await commit(
      ROWS.map((after) => ({ before: undefined, after })),
      1,
    );
    expect(await keys({ kind: "unfolded" })).toBe("ace");
    expect(await keys({ kind: "overdue", wakeBefore: NOW })).toBe("bc");
    expect(await keys({ kind: "active", updatedBefore: NOW })).toBe("ghi");
    const [a, b] = ROWS;
    if (a === undefined || b === undefined) throw new Error("No rows");
    const changes = [
      { before: a, after: { ...a, status: "running" as const, updatedAt: NOW - 1, worker: "w" } },
      { before: b, after: { ...b, status: "completed" as const, wakeAt: 0 } },
    ];
    await commit(changes, 2);
    expect(await keys({ kind: "unfolded" })).toBe("ce");
    expect(await keys({ kind: "overdue", wakeBefore: NOW })).toBe("c");
    expect(await keys({ kind: "active", updatedBefore: NOW })).toBe("aghi");
  });
});
