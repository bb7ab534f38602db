/** The row of a run is the same whether the projection saw it go to the archive and come back, or is built anew (I10). */
import { expect, onTestFinished, test } from "vitest";
import type { RunRow } from "../../src/projections/run-row.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { until } from "../e2e/support/until.ts";
import { FoldedRuns, followFeed } from "../server/support/folded-runs.ts";
import { ListedRuns } from "../server/support/listed-runs.ts";
import { openShop, paid } from "./support/orders.ts";
import { worldOf } from "./support/world.ts";

test("a live and a rebuilt row are equal before, in the archive, back, and after it went on", async () => {
  const broker = new MemoryBroker();
  const effects = { done: [], broken: true };
  const { now, later } = await openShop(worldOf(broker), effects);
  const ended = new AbortController();
  const live = new ListedRuns();
  const following = followFeed(live, broker.connect().feed, ended.signal);
  onTestFinished(async () => {
    ended.abort();
    await following;
  });
  const run = await now.submit("order", { cart: 4 }, { key: "o1", tags: ["a"] });
  await run.signal(paid, 12);
  await run.result().catch(() => undefined);

  /** All rows, once the live ones are those of a projection that is built from what the log has now. */
  const rows = async (): Promise<readonly RunRow[]> => {
    await until("the projection has read everything", () => {
      return heads(live.rows) === heads(new FoldedRuns(broker).rows);
    });
    const rebuilt = new FoldedRuns(broker).rows;
    expect(live.rows).toEqual(rebuilt);
    return rebuilt;
  };
  const rowOfRun = async (): Promise<RunRow | undefined> =>
    (await rows()).find(({ id }) => id === run.id);

  const before = await rowOfRun();
  expect(before).toMatchObject({ status: "failed", archived: "", tags: ["a"] });
  for (let times = 0; times < 2; times++) {
    expect(await later.archive.add(run.id)).toMatchObject({ status: "archived" });
    const { file } = (await run.state()).archived ?? {};
    const moved = { headSequence: expect.any(Number), submissionSequence: expect.any(Number) };
    const inbox = { inboxFolded: expect.any(Number), lastInput: expect.any(Number) };
    expect(await rowOfRun()).toEqual({ ...before, ...moved, ...inbox, archived: file?.key });
    await now.archive.restore(run.id);
    expect(await rowOfRun()).toEqual({ ...before, ...moved, ...inbox });
  }
  effects.broken = false;
  await run.resume();
  await until("it has completed", async () => (await run.state()).status === "completed");
  expect(await rowOfRun()).toMatchObject({
    status: "completed",
    epoch: 2,
    addedTags: ["kind:test"],
  });
});

function heads(all: readonly RunRow[]): string {
  return all.map((row) => [row.headSequence, row.submissionSequence, row.lastInput]).join();
}
