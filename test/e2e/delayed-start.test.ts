/** Runs that start later, and what runs tell of themselves. */
import { pino } from "pino";
import { expect, test } from "vitest";
import { flow, serve, signal } from "../../src/index.ts";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const go = signal<number>("go");
const RESULT = { timeout: "60s" } as const;

test("a run starts at its time, given as a date, a number or a delay, and not before", async () => {
  const bed = await beds.open();
  const starts = flow("starts", (ctx) => ctx.step("when", () => Date.now()));
  const worker = await serve([starts], { connection: bed.millrace, log });
  const at = Date.now() + 1_000;
  const runs = await Promise.all(
    [{ at: new Date(at) }, { at }, { delay: "1s" } as const, { at: Date.now() - 1_000 }].map(
      (options) => bed.millrace.submit(starts, undefined, options),
    ),
  );
  const [date, number, delay, past] = await Promise.all(runs.map((run) => run.result(RESULT)));
  expect(Number(date)).toBeGreaterThanOrEqual(at);
  expect(Number(number)).toBeGreaterThanOrEqual(at);
  expect(Number(delay)).toBeGreaterThanOrEqual(at);
  expect(Number(past)).toBeGreaterThan(0);
  await worker.drain();
});

test("a scheduled run keeps no worker, and starts on time after the one that scheduled it was killed", async () => {
  const bed = await beds.open();
  const first = await bed.worker("steps");
  const at = Date.now() + 8_000;
  const run = await bed.millrace.submit("steps", { count: 1 }, { at });
  await until("a worker has scheduled it, and given it up", async () => {
    const { status, epoch, worker } = await run.state();
    return status === "scheduled" && epoch === 1 && worker === "";
  });
  await first.kill();
  const second = await bed.worker("steps");
  expect(await run.result(RESULT)).toBe(1);
  const [step] = bed.ledger.of(run.id, "add#1");
  expect(step?.pid).toBe(second.pid);
  expect(step?.at).toBeGreaterThanOrEqual(at);
  expect((await soundHistory(bed.millrace, run.id)).state.takeOvers).toBe(0);
});

test("a child may start later, and its parent is suspended until it has", async () => {
  const bed = await beds.open();
  const child = flow("child", (ctx) => ctx.step("when", () => Date.now()));
  const parent = flow("parent", async (ctx) => {
    const asked = ctx.now();
    const run = await ctx.submit(child, undefined, { delay: "700ms" });
    return [asked, await run.result()];
  });
  const options = { connection: bed.millrace, log, suspendAfter: "10ms" } as const;
  const worker = await serve([parent, child], options);
  const run = await bed.millrace.submit(parent);
  const [asked = 0, started = 0] = await run.result(RESULT);
  expect(started - asked).toBeGreaterThanOrEqual(700);
  await worker.drain();
});

test("what a run tells of itself is shown while it waits, after a take-over, and when it has ended", async () => {
  const bed = await beds.open();
  const first = await bed.worker("waiting", { serve: { suspendAfter: "1h" } });
  const run = await bed.millrace.submit("teller", undefined, { tags: ["job:1"] });
  const begun = {
    progress: { done: 1, total: 3, message: "begun" },
    addedTags: ["colour:red"],
    exposed: { seen: { pages: 7 } },
  };
  await until("it has told", async () => (await run.state()).progress !== undefined);
  expect(await run.state()).toMatchObject(begun);
  await until("its step is done", () => bed.ledger.of(run.id).length === 1);
  await first.kill();
  await bed.worker("waiting");
  await until("it was taken over", async () => (await run.state()).epoch === 2);
  expect(await run.state()).toMatchObject({ status: "running", ...begun });
  await run.signal(go, 1);
  expect(await run.result(RESULT)).toBe(true);
  expect(await run.state()).toMatchObject({
    ...begun,
    status: "completed",
    progress: { done: 3, total: 3, message: "done" },
  });
  const { events } = await soundHistory(bed.millrace, run.id);
  expect(events.filter(({ type }) => type === "Patched")).toHaveLength(1);
});
