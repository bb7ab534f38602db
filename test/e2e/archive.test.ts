/** Whoever moves runs into the archive, or back, is killed with -9 again and again: no run is lost, and none is there by half. */
import { expect, test } from "vitest";
import { parseRunId } from "../../src/engine/run-id.ts";
import type { RunHandle } from "../../src/index.ts";
import { Child } from "./support/child-process.ts";
import { KEEPING, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const RUNS = 60;
const KILLS = 4;

test("a mover that is killed with -9 loses no run and leaves none by half, on the way there and back", async () => {
  const bed = await beds.open();
  await bed.worker("steps", { serve: KEEPING });
  const ids: string[] = [];
  for (let at = 0; at < RUNS; at++) {
    ids.push((await bed.millrace.submit("steps", { count: 3 }, { key: `run-${at}` })).id);
  }
  const runs = ids.map((id) => bed.millrace.attach(id));
  const before = new Map<string, object>();
  for (const run of runs) {
    await run.result();
    before.set(run.id, await told(run));
  }
  const { servers, namespace } = bed;
  const areAsBefore = async (): Promise<void> => {
    for (const run of runs) expect(await told(run)).toEqual(before.get(run.id));
  };
  const broken = async (settings: object): Promise<void> => {
    for (let kills = 0; kills < KILLS; kills++) {
      const mover = new Child("mover.mjs", { servers, namespace, flow: "steps", ...settings });
      // Somewhere in the middle: what it has reported is done, what it does now is not.
      const wanted = 2 + kills * 5;
      await until("it has moved some", () => mover.reports.length > wanted || !mover.isAlive);
      await mover.kill();
      await areAsBefore();
    }
  };

  await broken({});
  const rest = await bed.millrace.archive.addAll({ flow: "steps", olderThan: "1ms" }).toArray();
  expect(rest.map(({ status }) => status)).not.toContain("failed");
  await areAsBefore();
  const { log } = bed.millrace.broker;
  for (const id of ids) {
    expect((await bed.millrace.archive.verify(id)).id).toBe(id);
    expect(await log.history(parseRunId(id), Number.MAX_SAFE_INTEGER)).toHaveLength(1);
  }

  await broken({ ids });
  for (const id of ids) {
    const isBack = (await bed.millrace.attach(id).state()).archived === undefined;
    if (!isBack) await bed.millrace.archive.restore(id);
  }
  await areAsBefore();
  // Nothing of it was executed again, and every message of the queue is done with.
  for (const id of ids) expect(Object.values(bed.ledger.counts(id))).toEqual([1, 1, 1]);
  await bed.queueIsDone("steps");
});

async function told(run: RunHandle): Promise<object> {
  const { steps, input, status, closedAt } = await run.details();
  return { steps, input, status, closedAt, output: await run.result() };
}
