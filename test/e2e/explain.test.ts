/** Why a run does not move: each reason from a situation that a real broker and real workers are in. */
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type AnyDefinition,
  connect,
  type ExplainReason,
  type Explanation,
  flow,
  Millrace,
  type RunHandle,
  type ServeOptions,
  type ServingWorker,
  serve,
  signal,
  task,
} from "../../src/index.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { keepWorkers } from "./support/keep-workers.ts";
import { LEASE_MS, type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const approval = signal<boolean>("approval");

/** Asks until the reason is this one and all holds that is asserted about it; gives that explanation. */
function explained<Reason extends ExplainReason>(
  run: RunHandle,
  reason: Reason,
  assert: (found: Extract<Explanation, { readonly reason: Reason }>) => void = () => {},
): Promise<Extract<Explanation, { readonly reason: Reason }>> {
  const isIt = (found: Explanation): found is Extract<Explanation, { readonly reason: Reason }> =>
    found.reason === reason;
  const ask = async () => {
    const found = await run.explain();
    if (!isIt(found)) {
      throw new Error(`${run.id} is not explained by ${reason}: ${JSON.stringify(found)}`);
    }
    assert(found);
    return found;
  };
  return vi.waitFor(ask, { timeout: 60_000, interval: 10 });
}

async function start(
  bed: TestBed,
  definitions: readonly AnyDefinition[],
  options: Partial<ServeOptions> = {},
): Promise<ServingWorker> {
  const settings = { connection: bed.millrace, log, lease: LEASE_MS, drainGrace: 0, ...options };
  const worker = await serve(definitions, settings);
  onTestFinished(() => worker.drain());
  return worker;
}

/** A step that goes on until the test is over. */
function held(): () => Promise<void> {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  return () => new Promise((resolve) => over.signal.addEventListener("abort", () => resolve()));
}

test("a run that does not exist", async () => {
  const { millrace, namespace } = await beds.open();
  const found = await millrace.attach("nothing:here").explain();
  expect(found).toMatchObject({ reason: "not-found", status: undefined, since: undefined });
  expect(found.sentence).toBe(`There is no run nothing:here in namespace ${namespace}.`);
});

test("a queue that nobody serves, and then one that nobody serves any more", async () => {
  const bed = await beds.open();
  const quick = flow("quick", () => 1);
  const run = await bed.millrace.submit(quick);
  const { submittedAt } = await run.details();
  await explained(run, "nobody-serves-queue", ({ facts, since }) => {
    expect(facts).toEqual({ queue: "quick", lastWorker: undefined });
    expect(since).toEqual(submittedAt);
  });
  const worker = await start(bed, [quick]);
  await run.result();
  await worker.drain();
  const late = await bed.millrace.submit(quick);
  await explained(late, "nobody-serves-queue", ({ facts, sentence }) => {
    expect(facts.lastWorker).toMatchObject({ id: worker.id, status: "stopped" });
    expect(sentence).toContain(`the last worker, ${worker.id}, stopped at `);
  });
});

test("a flow that none of its queue's workers knows", async () => {
  const bed = await beds.open();
  const worker = await start(bed, [flow("other", { queue: "shared" }, () => 1)]);
  const run = await bed.millrace.submit("unheard-of", 1, { queue: "shared" });
  await explained(run, "flow-unknown", ({ facts }) =>
    expect(facts).toEqual({ queue: "shared", flow: "unheard-of", workers: [worker.id] }),
  );
});

test("a start in the future, before and after a worker has seen it", async () => {
  const bed = await beds.open();
  const quick = flow("quick", () => 1);
  const run = await bed.millrace.submit(quick, undefined, { delay: "1h" });
  const { startAt } = await run.details();
  const toldWhen = () =>
    explained(run, "scheduled", ({ facts }) => expect(facts).toEqual({ startAt }));
  await toldWhen();
  await start(bed, [quick]);
  await until("a worker has seen it", async () => (await run.state()).epoch > 0);
  await until("it is suspended", async () => (await run.state()).worker === "");
  await toldWhen();
});

test("a paused queue, for a run that starts and for one that is woken", async () => {
  const bed = await beds.open();
  const waits = flow("waits", (ctx) => ctx.receive(approval));
  const lines: string[] = [];
  const noting = pino({}, { write: (line: string) => lines.push(line) });
  await start(bed, [waits], { suspendAfter: "10ms", log: noting });
  const old = await bed.millrace.submit(waits);
  await until("it is suspended", async () => (await old.state()).status === "suspended");
  await bed.millrace.queue("waits").pause();
  await until("the worker has heard of it", () => lines.some((line) => /"paused":true/.test(line)));
  const run = await bed.millrace.submit(waits);
  await explained(run, "queue-paused", ({ next }) =>
    expect(next).toContain("millrace queue resume waits"),
  );
  await old.signal(approval, true);
  await explained(old, "queue-paused");
});

test("a limit that others use up, and who they are", async () => {
  const bed = await beds.open();
  const gate = held();
  const slow = flow("slow", (ctx) => ctx.step("wait", gate));
  await bed.millrace.queue("slow").set({ concurrency: 1 });
  const worker = await start(bed, [slow]);
  const first = await bed.millrace.submit(slow);
  await explained(first, "executing");
  const second = await bed.millrace.submit(slow);
  await explained(second, "queue-limit", ({ facts }) =>
    expect(facts).toMatchObject({ limit: 1, holders: [{ run: first.id, worker: worker.id }] }),
  );
});

test("a rate that is used up, and when it allows the next start", async () => {
  const bed = await beds.open();
  const quick = flow("quick", () => 1);
  await bed.millrace.queue("quick").set({ rate: { limit: 1, per: "1h" } });
  await start(bed, [quick]);
  await (await bed.millrace.submit(quick)).result();
  await explained(await bed.millrace.submit(quick), "queue-rate", ({ facts }) => {
    expect(facts).toMatchObject({ limit: 1, perMs: 3_600_000 });
    expect(facts.until.getTime()).toBeGreaterThan(Date.now());
  });
});

test("a key of which another run has the slot", async () => {
  const bed = await beds.open();
  const gate = held();
  const concurrency = { key: (customer: string) => customer, limit: 1 };
  const billed = flow("billed", { concurrency }, (ctx) => ctx.step("wait", gate));
  await start(bed, [billed]);
  const first = await bed.millrace.submit(billed, "ann");
  await explained(first, "executing");
  const second = await bed.millrace.submit(billed, "ann");
  await explained(second, "key-limit", ({ facts, next }) => {
    expect(facts.waitsFor).toContain("key ann");
    expect(facts.holders).toEqual([first.id]);
    expect(next).toContain(`millrace explain ${first.id}`);
  });
});

test("runs before it that its workers have no room for", async () => {
  const bed = await beds.open();
  const gate = held();
  const slow = flow("slow", (ctx) => ctx.step("wait", gate));
  const worker = await start(bed, [slow], { concurrency: 1 });
  await explained(await bed.millrace.submit(slow), "executing");
  const runs = [];
  for (let at = 0; at < 4; at++) runs.push(await bed.millrace.submit(slow));
  const [, , , last] = runs;
  if (last === undefined) throw new Error("Nothing was submitted");
  await explained(last, "backlog", ({ facts }) => {
    expect(facts.workers).toEqual([worker.id]);
    expect(facts).toMatchObject({ queue: "slow", concurrency: 1 });
    expect(facts.before).toBeGreaterThanOrEqual(2);
    expect(facts.before).toBeLessThanOrEqual(3);
  });
});

const WHERE = [
  { where: "in a worker's memory", suspendAfter: "30s", isHeld: true },
  { where: "suspended", suspendAfter: "10ms", isHeld: false },
] as const;

test.each(WHERE)("what a run waits for, $where: a time", async ({ suspendAfter, isHeld }) => {
  const bed = await beds.open();
  const sleeps = flow("sleeps", (ctx) => ctx.sleep("1h"));
  const worker = await start(bed, [sleeps], { suspendAfter });
  const run = await bed.millrace.submit(sleeps);
  await isThere(run, isHeld);
  await explained(run, "sleeping", ({ facts }) => {
    expect(facts).toMatchObject({ timer: "sleep#1", worker: isHeld ? worker.id : "" });
    expect(facts.until?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });
});

test.each(WHERE)("what a run waits for, $where: a signal", async ({ suspendAfter, isHeld }) => {
  const bed = await beds.open();
  const waits = flow("waits", (ctx) => ctx.receive(approval, { timeout: "3d" }));
  const worker = await start(bed, [waits], { suspendAfter });
  const run = await bed.millrace.submit(waits);
  await isThere(run, isHeld);
  await explained(run, "waiting-for-signal", ({ facts, next }) => {
    const signals = [{ name: "approval" }];
    expect(facts).toMatchObject({ signals, worker: isHeld ? worker.id : "" });
    expect(facts.signals[0]?.until?.getTime()).toBeGreaterThan(Date.now());
    expect(next).toContain(`millrace signal ${run.id} approval`);
  });
});

test.each(WHERE)("what a run waits for, $where: its children", async ({ suspendAfter, isHeld }) => {
  const bed = await beds.open();
  const parent = flow("parent", async (ctx) => {
    const one = await ctx.submit("unserved", 1, { key: "one" });
    const two = await ctx.submit("unserved", 2, { key: "two" });
    await Promise.all([one.result(), two.result()]);
  });
  await start(bed, [parent], { suspendAfter });
  const run = await bed.millrace.submit(parent);
  await isThere(run, isHeld);
  await explained(run, "waiting-for-children", ({ facts, next }) => {
    expect(facts.children).toEqual(["unserved:one", "unserved:two"]);
    expect(next).toContain("millrace explain unserved:one");
  });
});

test.each(WHERE)(
  "what a run waits for, $where: a run that somebody else started",
  async ({ suspendAfter, isHeld }) => {
    const bed = await beds.open();
    await bed.millrace.submit("unserved", 1, { key: "one" });
    const watcher = flow("watcher", (ctx) => ctx.attach("unserved:one").result());
    await start(bed, [watcher], { suspendAfter });
    const run = await bed.millrace.submit(watcher);
    await isThere(run, isHeld);
    await explained(run, "waiting-for-run", ({ facts }) =>
      expect(facts.runs).toEqual(["unserved:one"]),
    );
  },
);

test.each(WHERE)(
  "what a run waits for, $where: the next attempt of a step",
  async ({ suspendAfter, isHeld }) => {
    const bed = await beds.open();
    const fails = flow("fails", (ctx) =>
      ctx.step("charge", () => Promise.reject(new TypeError("no such card")), {
        retry: { attempts: 5, delays: ["1h"] },
      }),
    );
    await start(bed, [fails], { suspendAfter });
    const run = await bed.millrace.submit(fails);
    await isThere(run, isHeld);
    await explained(run, "retrying", ({ facts, sentence }) => {
      expect(facts).toMatchObject({
        step: "charge#1",
        failed: 1,
        // Only its worker knows the policy.
        attempts: isHeld ? 5 : undefined,
        error: { name: "TypeError", message: "no such card" },
      });
      expect(sentence).toContain("TypeError: no such card");
      expect(facts.retryAt?.getTime()).toBeGreaterThan(Date.now());
    });
  },
);

test("a step that executes, in which attempt and since when", async () => {
  const bed = await beds.open();
  const gate = held();
  const slow = flow("slow", (ctx) => ctx.step("wait", gate));
  const worker = await start(bed, [slow]);
  const steps = [{ step: "wait#1", attempt: 1 }];
  await explained(await bed.millrace.submit(slow), "executing", ({ facts }) =>
    expect(facts).toMatchObject({ worker: worker.id, steps }),
  );
});

test("a worker whose slots are all in use by others", async () => {
  const bed = await beds.open();
  const gate = held();
  const gentle = flow("gentle", async (ctx) => {
    await ctx.receive(approval);
    await ctx.step("after", () => undefined);
  });
  const slow = flow("slow", (ctx) => ctx.step("wait", gate));
  const worker = await start(bed, [gentle, slow], { concurrency: 1 });
  const run = await bed.millrace.submit(gentle);
  await explained(run, "waiting-for-signal");
  await explained(await bed.millrace.submit(slow), "executing");
  await run.signal(approval, true);
  await explained(run, "waiting-for-worker", ({ facts }) =>
    expect(facts).toEqual({ worker: worker.id, concurrency: 1 }),
  );
});

test("a flow that awaits something other than its context", async () => {
  const bed = await beds.open();
  const gate = held();
  const stray = flow("stray", async (ctx) => {
    await ctx.step("before", () => undefined);
    await gate();
  });
  const worker = await start(bed, [stray]);
  await explained(await bed.millrace.submit(stray), "flow-code", ({ facts }) =>
    expect(facts).toEqual({ worker: worker.id }),
  );
});

test("a request to stop that a shielded step does not hear, and one that is cleaned up after", async () => {
  const bed = await beds.open();
  const gate = held();
  const deaf = flow("deaf", (ctx) => ctx.shield((shielded) => shielded.step("ignore", gate)));
  const tidy = flow("tidy", async (ctx) => {
    try {
      await ctx.step("wait", gate);
    } finally {
      await ctx.step("tidy-up", gate);
    }
  });
  await start(bed, [deaf, tidy]);
  const [one, other] = [await bed.millrace.submit(deaf), await bed.millrace.submit(tidy)];
  for (const run of [one, other]) {
    await explained(run, "executing");
    await run.cancel("changed my mind");
  }
  await explained(one, "cancelling", ({ facts, next }) => {
    const steps = [{ step: "ignore#1", startedBefore: true }];
    expect(facts).toMatchObject({ why: "changed my mind", taken: true, steps });
    expect(next).toContain(`millrace terminate ${one.id}`);
  });
  await explained(other, "cancelling", ({ facts }) =>
    expect(facts.steps).toMatchObject([{ step: "tidy-up#1", startedBefore: false }]),
  );
});

test("a worker that is gone, when its run is taken over, and that it was not the first one", async () => {
  const bed = await beds.open();
  // Whoever stood still for a lease would take its own run over, which counts as a crash.
  const alone = { serve: { concurrency: 1, lease: "4s" } } as const;
  const first = await bed.worker("gated", alone);
  const run = bed.millrace.attach((await bed.millrace.submit("gated")).id);
  await explained(run, "executing");
  await first.kill();
  await explained(run, "nobody-serves-queue", ({ facts }) =>
    expect(facts.lastWorker).toMatchObject({ id: first.id, status: "gone" }),
  );
  const second = await bed.worker("gated", alone);
  await explained(run, "crashing", ({ facts }) =>
    expect(facts).toMatchObject({ worker: second.id, crashes: 1, limit: 5 }),
  );
  // The third one serves, and has no room to take it over: a run of a queue of its own fills it.
  await bed.worker("gated", { serve: { ...alone.serve, queues: ["gated", "side"] } });
  const filling = await bed.millrace.submit("gated", undefined, { queue: "side" });
  const other = bed.millrace.attach(filling.id);
  await explained(other, "executing");
  await second.kill();
  await explained(run, "holder-gone", ({ facts }) => {
    expect(facts).toMatchObject({ worker: second.id, crashes: 1 });
    expect(facts.seenAt).toBeInstanceOf(Date);
  });
  bed.openGate("left");
  bed.openGate("right");
  await run.result();
});

test("a worker that does not answer at all", async () => {
  const bed = await beds.open();
  const silent = await bed.worker("gated");
  const run = bed.millrace.attach((await bed.millrace.submit("gated")).id);
  await explained(run, "executing");
  silent.signal("SIGSTOP");
  await explained(run, "worker-silent", ({ facts }) => expect(facts.worker).toBe(silent.id));
});

test("what came or was due while it was suspended, and its workers do not take it up", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  const waiter = bed.millrace.attach((await bed.millrace.submit("sleeper", 3_600_000)).id);
  await isThere(waiter, false);
  // Long enough for the worker to be stopped before it wakes the run.
  const sleeper = bed.millrace.attach((await bed.millrace.submit("sleeper", 7_000)).id);
  await isThere(sleeper, false);
  worker.signal("SIGSTOP");
  await waiter.signal(approval, true);
  await explained(waiter, "taking-up");
  // Somebody whose clock is ahead need not wait until that takes too long.
  const ahead = new Millrace(bed.millrace.broker, { ...systemClock, now: twelveSecondsAhead });
  await explained(ahead.attach(waiter.id), "input-not-folded", ({ facts }) =>
    expect(facts.inputs).toEqual(["Signal approval"]),
  );
  await explained(ahead.attach(sleeper.id), "wake-up-overdue", ({ facts }) =>
    expect(facts.dueAt.getTime()).toBeLessThan(twelveSecondsAhead()),
  );
});

test("a worker whose event loop is blocked: it keeps the lease, and answers nothing else", async () => {
  const bed = await beds.open();
  const blocked = await bed.worker("blocking");
  const run = bed.millrace.attach(
    (await bed.millrace.submit("work", { name: "hard", blockMs: 1 })).id,
  );
  await until("the event loop is blocked", () => bed.ledger.of(run.id, "hard#1").length === 1);
  await explained(run, "worker-blocked", ({ facts }) => expect(facts.worker).toBe(blocked.id));
  await run.cancel("enough");
  await explained(run, "cancelling", ({ facts }) =>
    expect(facts).toMatchObject({ worker: blocked.id, why: "enough", taken: false }),
  );
  await blocked.kill();
});

test("parked because its code was changed, because nobody knows it, because it cannot be read", async () => {
  const bed = await beds.open();
  const gate = held();
  const before = flow("changed", async (ctx) => {
    await ctx.step("one", () => undefined);
    await ctx.step("two", gate);
  });
  const after = flow("changed", (ctx) => ctx.step("other", () => undefined));
  const old = await start(bed, [before]);
  const run = await bed.millrace.submit(before);
  await explained(run, "executing");
  await old.drain();
  await start(bed, [after]);
  await explained(run, "parked-mismatch", ({ facts, next }) => {
    expect(facts).toMatchObject({ step: "one#1", asked: expect.stringContaining("other#1") });
    expect(next).toContain(`millrace resume ${run.id}`);
  });

  const secret = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes };
  const sealing = await connect({
    servers: bed.servers,
    namespace: bed.namespace,
    codec: { name: "secret", ...secret },
  });
  onTestFinished(() => sealing.close());
  const unreadable = await sealing.submit("changed", "sealed");
  await explained(bed.millrace.attach(unreadable.id), "parked-unreadable-payload");

  await start(bed, [task("known", () => 1)], { queues: ["strange"] });
  const strange = await bed.millrace.submit("strange");
  await explained(strange, "parked-unknown-flow");
});

test("how it ended, and when: completed, failed, cancelled", async () => {
  const bed = await beds.open();
  const quick = flow("quick", () => 1);
  const fails = flow("fails", (ctx) =>
    ctx.step("charge", () => Promise.reject(new RangeError("too much"))),
  );
  await start(bed, [quick, fails]);
  const done = await bed.millrace.submit(quick);
  const { since } = await explained(done, "completed");
  expect(since).toEqual((await done.details()).closedAt);
  const error = { name: "RangeError", message: "too much" };
  await explained(await bed.millrace.submit(fails), "failed", ({ facts }) =>
    expect(facts).toEqual({ error, step: "charge#1" }),
  );
  const stopped = await bed.millrace.submit("unserved");
  await stopped.cancel("not needed");
  await explained(stopped, "cancelled", ({ facts }) =>
    expect(facts).toEqual({ why: "not needed" }),
  );
});

test("closed as crashed, after how many crashes", async () => {
  const bed = await beds.open();
  const run = bed.millrace.attach((await bed.millrace.submit("poison")).id);
  // One may die before it could say that it serves.
  const workers = keepWorkers(1, () => bed.worker("poison"));
  await explained(run, "crashed", ({ facts }) => expect(facts).toEqual({ crashes: 3 }));
  await workers.stop();
});

test("given up in good order, for a worker to take up", async () => {
  const bed = await beds.open();
  const gate = held();
  const slow = flow("slow", { queue: "shared" }, (ctx) => ctx.step("wait", gate));
  const first = await start(bed, [slow]);
  const second = await start(bed, [flow("unrelated", { queue: "shared" }, () => 1)]);
  const run = await bed.millrace.submit(slow);
  await explained(run, "executing");
  await first.drain();
  await explained(run, "flow-unknown", ({ facts }) => expect(facts.workers).toEqual([second.id]));
});

test("what came for it while it was suspended, and nobody takes it up", async () => {
  const bed = await beds.open();
  const waits = flow("waits", (ctx) => ctx.receive(approval));
  const worker = await start(bed, [waits], { suspendAfter: "10ms" });
  const run = await bed.millrace.submit(waits);
  await isThere(run, false);
  await worker.drain();
  await run.signal(approval, true);
  await explained(run, "nobody-serves-queue", ({ facts }) =>
    expect(facts.lastWorker?.id).toBe(worker.id),
  );
});

async function isThere(run: RunHandle, isHeld: boolean): Promise<void> {
  if (isHeld) return;
  await until(`${run.id} is suspended`, async () => (await run.state()).status === "suspended");
}

function twelveSecondsAhead(): number {
  return Date.now() + 12_000;
}
