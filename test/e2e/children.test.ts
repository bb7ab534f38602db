/** Runs that runs submit: each hears how the other ended, whoever dies in between (I5). */
import { isDeepStrictEqual } from "node:util";
import { pino } from "pino";
import { expect, test } from "vitest";
import { FatalError, flow, type RunHandle, serve, signal } from "../../src/index.ts";
import { keepWorkers } from "./support/keep-workers.ts";
import { soundHistory } from "./support/sound-history.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const go = signal<number>("go");
const RESULT = { timeout: "60s" } as const;

function isAt(run: RunHandle, status: string): Promise<unknown> {
  return until(`${run.id} is ${status}`, async () => (await run.state()).status === status);
}

/** The one child of a run of the flow `parent`, once it is in this state. */
async function childAt(bed: TestBed, id: string, status: string): Promise<RunHandle> {
  const run = bed.millrace.attach(id);
  return until(`its child is ${status}`, async () => {
    const [child] = await run.children();
    // Recorded, and maybe not submitted yet.
    const view = await child?.state().catch(() => undefined);
    return view?.status === status && child;
  });
}

async function childStates(run: RunHandle): Promise<readonly string[]> {
  return Promise.all((await run.children()).map(async (child) => (await child.state()).status));
}

test("a flow gets its children's results, and how they failed or were cancelled, as errors with codes", async () => {
  const bed = await beds.open();
  const good = flow("good", async () => "fine");
  const bad = flow("bad", async (): Promise<string> => {
    throw new FatalError("BROKEN", "it broke", { at: 7 });
  });
  const told = flow("told", (ctx) => ctx.receive(go));
  const asks = flow("asks", async (ctx) => {
    const runs = [await ctx.submit(good), await ctx.submit(bad), await ctx.submit(told)];
    await runs[2]?.cancel("not needed");
    const ends = await Promise.allSettled(runs.map((run) => run.result()));
    return ends.map((end) => {
      if (end.status === "fulfilled") return end.value;
      const { code, runId, cause } = end.reason;
      return { code, runId, cause: cause?.message };
    });
  });
  const worker = await serve([asks, good, bad, told], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(asks);
  const [, failed, cancelled] = await until("all are submitted", async () => {
    const children = await run.children();
    return children.length === 3 && children;
  });
  expect(await run.result(RESULT)).toEqual([
    "fine",
    { code: "RUN_FAILED", runId: failed?.id, cause: "it broke" },
    { code: "RUN_CANCELLED", runId: cancelled?.id, cause: undefined },
  ]);
  await worker.drain();
});

test("a child whose workers die until its crash budget is spent fails its parent as crashed", async () => {
  const bed = await beds.open();
  const asks = flow("asks", async (ctx) => {
    try {
      return await (await ctx.submit("poison", undefined, { key: "p" })).result();
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  const worker = await serve([asks], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(asks);
  const kept = keepWorkers(1, () => bed.worker("poison"));
  expect(await run.result({ timeout: "60s" })).toBe("RUN_CRASHED");
  await kept.stop();
  await worker.drain();
});

test.for([
  ["before it is recorded that it submits", "before-frame"],
  ["between that and the submission", "after-frame"],
] as const)("a parent that is killed %s has one child all the same", async ([, point]) => {
  const bed = await beds.open();
  const crash = { point, event: "ChildSubmitted" } as const;
  const first = await bed.worker("waiting", { crash });
  const { id } = await bed.millrace.submit("parent");
  await first.exited;
  await bed.worker("waiting");
  const child = await childAt(bed, id, "running");
  await child.signal(go, 5);
  expect(await bed.millrace.attach(id).result(RESULT)).toEqual([[5]]);
  expect(await bed.millrace.attach(id).children()).toHaveLength(1);
});

test("a parent that is suspended, or dead, hears of its child's end from whoever takes it up", async () => {
  const bed = await beds.open();
  const first = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  const suspended = await bed.millrace.submit("parent", {}, { key: "suspended" });
  const one = await childAt(bed, suspended.id, "suspended");
  await isAt(suspended, "suspended");
  await one.signal(go, 1);
  expect(await suspended.result(RESULT)).toEqual([[1]]);
  await first.kill();

  const second = await bed.worker("waiting", { serve: { suspendAfter: "1h" } });
  const orphaned = await bed.millrace.submit("parent", {}, { key: "dead" });
  const other = await childAt(bed, orphaned.id, "running");
  await second.kill();
  await other.signal(go, 2);
  await bed.worker("waiting");
  expect(await orphaned.result(RESULT)).toEqual([[2]]);
});

test("a child's end is told when its worker is killed just after its last frame (I5)", async () => {
  const bed = await beds.open();
  const parents = flow("parents", async (ctx) => (await ctx.submit("quick", 3)).result());
  const worker = await serve([parents], { connection: bed.millrace, log });
  const crash = { point: "after-frame", event: "Completed" } as const;
  const first = await bed.worker("gated", { crash });
  const run = await bed.millrace.submit(parents);
  await first.exited;
  await bed.worker("gated");
  expect(await run.result(RESULT)).toBe(3);
  const [child] = await run.children();
  expect(bed.ledger.counts(child?.id ?? "")).toEqual({ "only#1": 1 });
  await worker.drain();
});

test("a flow waits for a run that somebody else started: closed, open, or never submitted", async () => {
  const bed = await beds.open();
  const other = flow("other", async (ctx, wait: boolean) => (wait ? ctx.receive(go) : 1));
  const asks = flow("asks", (ctx, id: string) =>
    ctx
      .attach(id)
      .result()
      .catch((error: { code: string }) => error.code),
  );
  const options = { connection: bed.millrace, log, suspendAfter: "10ms" } as const;
  const worker = await serve([other, asks], options);
  const closed = await bed.millrace.submit(other, false);
  await closed.result(RESULT);
  const open = await bed.millrace.submit(other, true);
  const ids = [closed.id, open.id, "other:never"];
  const [one, two, three] = await Promise.all(ids.map((id) => bed.millrace.submit(asks, id)));
  expect(await one?.result(RESULT)).toBe(1);
  expect(await three?.result(RESULT)).toBe("RUN_NOT_FOUND");
  if (two !== undefined) await isAt(two, "suspended");
  await open.signal(go, 2);
  expect(await two?.result(RESULT)).toBe(2);
  await worker.drain();
});

test("a key that is taken is the run that has it, open or closed, and is not cancelled with the parent", async () => {
  const bed = await beds.open();
  const shared = flow("shared", (ctx) => ctx.receive(go));
  const asks = flow("asks", async (ctx) => {
    const child = await ctx.submit(shared, undefined, { key: "k", onParentClose: "cancel" });
    return child.result();
  });
  const options = { connection: bed.millrace, log, suspendAfter: "10ms" } as const;
  const worker = await serve([shared, asks], options);
  const found = await bed.millrace.submit(shared, undefined, { key: "k" });
  const [stopped, waiting] = [await bed.millrace.submit(asks), await bed.millrace.submit(asks)];
  await Promise.all([isAt(stopped, "suspended"), isAt(waiting, "suspended")]);
  await stopped.cancel("by hand");
  await expect(stopped.result(RESULT)).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  await found.signal(go, 9);
  expect(await waiting.result(RESULT)).toBe(9);
  expect(await found.result(RESULT)).toBe(9);
  expect(await (await bed.millrace.submit(asks)).result(RESULT)).toBe(9);
  await worker.drain();
});

test("what becomes of the children of a run that has ended is what it said when it submitted them", async () => {
  const bed = await beds.open();
  const child = flow("child", (ctx) => ctx.receive(go));
  const leaves = flow("leaves", async (ctx, isStopped: boolean) => {
    await ctx.submit(child);
    await ctx.submit(child, undefined, { onParentClose: "cancel" });
    await ctx.submit(child, undefined, { onParentClose: "abandon" });
    if (isStopped) await ctx.receive(go);
  });
  const options = { connection: bed.millrace, log, suspendAfter: "10ms" } as const;
  const worker = await serve([leaves, child], options);
  const ended = await bed.millrace.submit(leaves, false);
  await ended.result(RESULT);
  const stopped = await bed.millrace.submit(leaves, true);
  await isAt(stopped, "suspended");
  await stopped.cancel("by hand");
  await expect(stopped.result(RESULT)).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  for (const [run, expected] of [
    [ended, ["suspended", "cancelled", "suspended"]],
    [stopped, ["cancelled", "cancelled", "suspended"]],
  ] as const) {
    await until(`the children of ${run.id} are ${expected.join(", ")}`, async () => {
      const states = await childStates(run);
      return isDeepStrictEqual(states, [...expected]);
    });
  }
  await worker.drain();
});

test("a family of runs ends at the thirty-second generation", async () => {
  const bed = await beds.open();
  const nests = flow("nests", async (ctx, depth: number): Promise<unknown> => {
    try {
      const child = await ctx.submit("nests", depth + 1);
      return await child.result();
    } catch (error) {
      return [depth, (error as { code: string }).code];
    }
  });
  const worker = await serve([nests], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(nests, 0);
  expect(await run.result(RESULT)).toEqual([32, "DEPTH_LIMIT"]);
  await worker.drain();
});

test("a thousand children are gathered with few frames of the parent's", async () => {
  const bed = await beds.open();
  const square = flow("square", async (_, n: number) => n * n);
  const gather = flow("gather", async (ctx, count: number) => {
    const numbers = Array.from({ length: count }, (_, n) => n);
    const runs = await Promise.all(numbers.map((n) => ctx.submit(square, n)));
    const squares = await Promise.all(runs.map((run) => run.result()));
    return squares.reduce((sum, n) => sum + n, 0);
  });
  const worker = await serve([gather, square], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(gather, 1_000);
  expect(await run.result(RESULT)).toBe(332_833_500);
  const { frames } = await run.details();
  expect(frames.length).toBeLessThan(60);
  const { state } = await soundHistory(bed.millrace, run.id);
  expect([...state.children.values()].filter(({ closed }) => closed)).toHaveLength(1_000);
  await worker.drain();
});
