import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RunView } from "../../src/projections/run-store.ts";
import { openRunStore } from "../../src/projections/sql/open-run-store.ts";
import { runRow } from "./support/run-rows.ts";

/** Commits as many rows, one by one, each from where the view is. */
async function commitAll(view: RunView, name: string, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const [at] = await view.checkpoints();
    const expected = at?.sequence ?? 0;
    const checkpoint = { partition: 0, sequence: expected + 1, storedAt: 0, incarnation: "a" };
    const rows = [{ before: undefined, after: runRow({ key: `${name}-${done}` }) }];
    if (await view.commit({ partition: 0, expected, checkpoint, rows })) done++;
  }
}

test("two connections to one file that write at the same time wait for each other, and lose nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-two-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const stores = await Promise.all([1, 2].map(() => openRunStore(join(folder, "views.db"))));
  const views = await Promise.all(stores.map((store) => store.open("live", "1")));
  await Promise.all(views.map((view, at) => commitAll(view, `w${at}`, 50)));
  const [at] = (await views[0]?.checkpoints()) ?? [];
  expect(at?.sequence).toBe(100);
  expect((await stores[0]?.view.count({}))?.count).toBe(100);
  for (const store of stores) await store.close();
});
