/** A run that is to stop is told so wherever it is, once, and cleans up durably. */
import { pino } from "pino";
import { expect, test } from "vitest";
import { type FlowContext, flow, type RunHandle, serve, signal } from "../../src/index.ts";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const go = signal<number>("go");
const RESULT = { timeout: "60s" } as const;
const CANCELLED = { code: "RUN_CANCELLED", message: expect.stringContaining("by hand") };

function isAt(run: RunHandle, status: string): Promise<unknown> {
  return until(`${run.id} is ${status}`, async () => (await run.state()).status === status);
}

test.for([
  ["waits in memory", "1h", "running"],
  ["is suspended", "10ms", "suspended"],
] as const)("a run that %s is cancelled, and cleans up", async ([, suspendAfter, status]) => {
  const bed = await beds.open();
  const notes: string[] = [];
  const waits = flow("waits", async (ctx) => {
    try {
      await ctx.receive(go);
    } finally {
      await ctx.step("clean", () => notes.push("cleaned"));
    }
  });
  const worker = await serve([waits], { connection: bed.millrace, log, suspendAfter });
  const run = await bed.millrace.submit(waits);
  await isAt(run, status);
  await run.cancel("by hand");
  // It may have ended by now.
  const second = await run.cancel("a second time").catch((error: { code: string }) => error.code);
  expect([undefined, "RUN_CLOSED"]).toContain(second);
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  expect(notes).toEqual(["cleaned"]);
  await expect(run.cancel("too late")).rejects.toMatchObject({ code: "RUN_CLOSED" });
  const { events } = await soundHistory(bed.millrace, run.id);
  expect(events.filter(({ type }) => type === "CancelRequested")).toHaveLength(1);
  await worker.drain();
});

test("a run that nobody has taken up, or that is scheduled, is closed when it is cancelled, and never begun", async () => {
  const bed = await beds.open();
  const begun: string[] = [];
  const begins = flow("begins", (ctx) => ctx.step("begin", () => begun.push("begun")));
  const pending = await bed.millrace.submit(begins);
  await pending.cancel("by hand");
  await expect(pending.result(RESULT)).rejects.toMatchObject(CANCELLED);
  const worker = await serve([begins], { connection: bed.millrace, log });
  const scheduled = await bed.millrace.submit(begins, undefined, { delay: "1h" });
  await isAt(scheduled, "scheduled");
  await scheduled.cancel("by hand");
  await expect(scheduled.result(RESULT)).rejects.toMatchObject(CANCELLED);
  await bed.queueIsDone("begins");
  expect(begun).toEqual([]);
  await worker.drain();
});

test("a parked run is closed when it is cancelled", async () => {
  const bed = await beds.open();
  const wait = async (ctx: FlowContext) => ctx.receive(go);
  const before = flow("changed", async (ctx) => {
    await ctx.step("old", () => 1);
    return wait(ctx);
  });
  const first = await serve([before], { connection: bed.millrace, log, suspendAfter: "10ms" });
  const run = await bed.millrace.submit(before);
  await isAt(run, "suspended");
  await first.drain();
  const after = flow("changed", async (ctx) => {
    await ctx.step("new", () => 1);
    return wait(ctx);
  });
  const second = await serve([after], { connection: bed.millrace, log });
  await run.signal(go, 1);
  await isAt(run, "parked");
  await run.cancel("by hand");
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  await second.drain();
});

test("clean-up goes on where it was when its worker is killed in the middle of it", async () => {
  const bed = await beds.open();
  const first = await bed.worker("waiting");
  const run = await bed.millrace.submit("cleaner");
  await isAt(run, "running");
  await run.cancel("by hand");
  await until("the second step of the clean-up is under way", () =>
    bed.ledger.of(run.id).some(({ step }) => step === "two#1"),
  );
  await first.kill();
  bed.openGate("clean");
  await bed.worker("waiting");
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  expect(bed.ledger.counts(run.id)).toEqual({ "one#1": 1, "two#1": 2 });
  expect((await soundHistory(bed.millrace, run.id)).state.takeOvers).toBe(1);
});

test("a step under way sees its signal abort in the worker that holds the run, whoever cancelled it", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("waiting");
  await bed.worker("waiting");
  const run = await bed.millrace.submit("hanging");
  await until("the step hangs, and that is recorded", async () =>
    (await run.details()).steps.some(({ status }) => status === "running"),
  );
  await run.cancel("by hand");
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  await until("the step has heard", () => bed.ledger.of(run.id).some(({ aborted }) => aborted));
  expect(bed.ledger.of(run.id).at(-1)).toMatchObject({ aborted: "hang#1", because: "CANCELLED" });
  expect(worker.isAlive).toBe(true);
});

test("a run that is cancelled before anything of it is recorded closes at once, and its step is aborted soon", async () => {
  const bed = await beds.open();
  let run: RunHandle | undefined;
  let aborted: unknown;
  const fast = flow("fast", (ctx) =>
    ctx.step("hang", async ({ signal: aborts, runId }) => {
      run = bed.millrace.attach(runId);
      void run.cancel("by hand");
      await new Promise<void>((resolve) => aborts.addEventListener("abort", () => resolve()));
      aborted = aborts.reason;
    }),
  );
  const worker = await serve([fast], { connection: bed.millrace, log });
  const { id } = await bed.millrace.submit(fast);
  await expect(bed.millrace.attach(id).result(RESULT)).rejects.toMatchObject(CANCELLED);
  await until("the step has heard", () => aborted !== undefined);
  await until("the worker has dropped it", () => worker.stats.held === 0);
  await worker.drain();
});

test("what is shielded goes on, and the flow hears of the cancellation by the next thing that it awaits", async () => {
  const bed = await beds.open();
  const notes: string[] = [];
  const careful = flow("careful", async (ctx) => {
    const paid = await ctx.shield((safe) => safe.receive(go));
    notes.push(`paid ${paid}`);
    await ctx.step("ship", () => notes.push("shipped"));
  });
  const worker = await serve([careful], { connection: bed.millrace, log, suspendAfter: "10ms" });
  const run = await bed.millrace.submit(careful);
  await isAt(run, "suspended");
  await run.cancel("by hand");
  await until("the request is recorded", async () =>
    (await run.details()).frames.some(({ events }) =>
      events.some(({ type }) => type === "CancelRequested"),
    ),
  );
  await run.signal(go, 7);
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  expect(notes.at(-1)).toBe("paid 7");
  expect(notes).not.toContain("shipped");
  await worker.drain();
});

test("a deadline stops a run that waits for ever, suspended or not", async () => {
  const bed = await beds.open();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  const worker = await serve([waits], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(waits, undefined, { deadline: "300ms" });
  await expect(run.result(RESULT)).rejects.toMatchObject({
    code: "RUN_CANCELLED",
    message: expect.stringContaining("deadline"),
  });
  await worker.drain();
});

test("a cancellation reaches children and grandchildren, and each cleans up", async () => {
  const bed = await beds.open();
  const cleaned: string[] = [];
  const leaf = flow("leaf", async (ctx) => {
    try {
      await ctx.receive(go);
    } finally {
      await ctx.step("clean", () => cleaned.push(ctx.runId));
    }
  });
  const middle = flow("middle", async (ctx) => (await ctx.submit(leaf)).result());
  const top = flow("top", async (ctx) => {
    const runs = [await ctx.submit(middle), await ctx.submit(middle)];
    return Promise.all(runs.map((child) => child.result()));
  });
  const options = { connection: bed.millrace, log, suspendAfter: "10ms" } as const;
  const worker = await serve([top, middle, leaf], options);
  const run = await bed.millrace.submit(top);
  const leaves = await until("two leaves wait", async () => {
    const middles = await run.children();
    const below = (await Promise.all(middles.map((child) => child.children()))).flat();
    const views = await Promise.all(below.map((child) => child.state()));
    return views.filter(({ status }) => status === "suspended").length === 2 && below;
  });
  await run.cancel("by hand");
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  for (const below of leaves) {
    await expect(below.result(RESULT)).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  }
  expect(cleaned.toSorted()).toEqual(leaves.map(({ id }) => id).toSorted());
  await worker.drain();
});

test("a worker that was stopped while its run was terminated writes nothing more of it (I2)", async () => {
  const bed = await beds.open();
  const first = await bed.worker("gated");
  const run = await bed.millrace.submit("gated");
  await until("both steps wait at their gates", () => bed.ledger.of(run.id).length === 3);
  first.signal("SIGSTOP");
  await run.terminate("by hand");
  await expect(run.result(RESULT)).rejects.toMatchObject(CANCELLED);
  bed.openGate("left");
  bed.openGate("right");
  first.signal("SIGCONT");
  await until(
    "its write was refused, or it has heard",
    () =>
      first.reports.some(({ refused }) => refused === run.id) ||
      bed.ledger.of(run.id).some((entry) => "aborted" in entry),
  );
  const { events, state } = await soundHistory(bed.millrace, run.id);
  expect(state.status).toBe("cancelled");
  expect(events.filter(({ type }) => type === "StepCompleted")).toHaveLength(1);
  expect(bed.ledger.counts(run.id)["last#1"]).toBeUndefined();
  expect(first.isAlive).toBe(true);
});
