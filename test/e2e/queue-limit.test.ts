/** The limit of a queue over processes that are killed, as an outside world counts the executions. */
import { expect, test } from "vitest";
import type { LedgerEntry } from "./support/ledger.ts";
import { soundHistory } from "./support/sound-history.ts";
import { KEEPING, type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

/** The most executions that went on at the same time. One whose process died went on until then. */
function mostAtOnce(entries: readonly LedgerEntry[], deaths: ReadonlyMap<number, number>): number {
  const going = new Map<string, LedgerEntry>();
  let most = 0;
  for (const entry of entries) {
    for (const [id, other] of going) {
      if ((deaths.get(other.pid) ?? Number.POSITIVE_INFINITY) <= entry.at) going.delete(id);
    }
    const id = `${entry.run} ${entry.pid}`;
    if (entry["phase"] === "end") going.delete(id);
    else going.set(id, entry);
    most = Math.max(most, going.size);
  }
  return most;
}

const executions = (bed: TestBed, phase: string): readonly LedgerEntry[] =>
  bed.ledger.entries.filter((entry) => entry["phase"] === phase);

/** Resolves when the worker starts nothing more: until it has heard of a pause it goes on. */
async function hearsOfPause(worker: WorkerProcess): Promise<void> {
  await until("the worker has heard of the pause", () => worker.log.includes('"paused":true'));
}

test("three workers keep a queue's limit of two while one after the other is killed with kill -9", async () => {
  const bed = await beds.open();
  await bed.millrace.queue("limited").set({ concurrency: 2 });
  const workers = await Promise.all([1, 2, 3].map(() => bed.worker("limited")));
  const runs = await Promise.all(
    Array.from({ length: 24 }, () => bed.millrace.submit("limited", { ms: 150 })),
  );
  const deaths = new Map<number, number>();
  for (const done of [4, 12]) {
    const victim = await until("some are done, and somebody executes", () => {
      const ended = new Set(executions(bed, "end").map(({ run }) => run));
      const going = executions(bed, "begin").filter(({ run }) => !ended.has(run));
      const worker = workers.find(
        ({ pid, isAlive }) => isAlive && going.some((one) => one.pid === pid),
      );
      return ended.size >= done && worker;
    });
    await victim.kill();
    deaths.set(victim.pid, Date.now());
  }
  for (const { id } of runs) await bed.millrace.attach(id).result({ timeout: "60s" });
  expect(mostAtOnce(bed.ledger.entries, deaths)).toBe(2);
  for (const { id } of runs) await soundHistory(bed.millrace, id);
  await until("no slot is in use", async () => {
    return (await bed.millrace.queue("limited").state()).holders.length === 0;
  });
});

test("a pause under load lets what executes end, starts nothing, and loses nothing", async () => {
  const bed = await beds.open();
  const queue = bed.millrace.queue("limited");
  const workers = await Promise.all(
    [1, 2].map(() => bed.worker("limited", { serve: { ...KEEPING, concurrency: 2 } })),
  );
  const runs = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      bed.millrace.submit("limited", at < 8 ? { ms: 50 } : { waitsAt: "the gate" }),
    ),
  );
  await until("both workers are full of those that wait at the gate", () => {
    const ended = new Set(executions(bed, "end").map(({ run }) => run));
    const going = executions(bed, "begin").filter(({ run }) => !ended.has(run));
    return going.length === 4 && going.every((one) => one["waitsAt"] === "the gate");
  });
  const begun = executions(bed, "begin").length;
  await queue.pause();
  for (const worker of workers) await hearsOfPause(worker);
  bed.openGate("the gate");
  await until("what executed has ended", () => executions(bed, "end").length === begun);
  const late = await bed.millrace.submit("limited", { ms: 1 }, { key: "late" });
  // Those of other queues do start.
  await (await bed.millrace.submit("nothing")).result({ timeout: "60s" });
  expect((await late.state()).status).toBe("pending");
  expect(executions(bed, "begin").length).toBe(begun);
  await queue.resume();
  for (const { id } of [...runs, late]) await bed.millrace.attach(id).result({ timeout: "60s" });
  expect(executions(bed, "begin").length).toBe(41);
});

test("the better priority goes first, also to a worker that served before anybody submitted with one", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("limited", { serve: { ...KEEPING, concurrency: 1 } });
  const queue = bed.millrace.queue("limited");
  await queue.pause();
  await hearsOfPause(worker);
  const submit = (priority: "high" | "normal" | "low", at: number) =>
    bed.millrace.submit("limited", { ms: 20 }, { key: `${priority}-${at}`, priority });
  const runs: { readonly id: string }[] = [];
  for (let at = 0; at < 15; at++) {
    for (const priority of ["low", "normal", "high"] as const)
      runs.push(await submit(priority, at));
  }
  await queue.resume();
  for (const { id } of runs) await bed.millrace.attach(id).result({ timeout: "60s" });
  const order = executions(bed, "begin").map(({ run }) => run.replace(/^limited:|-\d+$/g, ""));
  expect(order).toHaveLength(45);
  const placesOf = (priority: string): number =>
    order.reduce((sum, one, at) => (one === priority ? sum + at : sum), 0);
  expect(placesOf("high")).toBeLessThan(placesOf("normal"));
  expect(placesOf("normal")).toBeLessThan(placesOf("low"));
  expect(order.slice(0, 10).filter((one) => one === "high").length).toBeGreaterThanOrEqual(6);
});
