/** A queue's limit, rate and pause, over several workers that crash. */
import { describe, expect, test } from "vitest";
import type { RunId } from "../../src/engine/run-id.ts";
import { type AnyDefinition, flow } from "../../src/index.ts";
import { type Actor, Gate, LONG_LEASE, Stage } from "./support/stage.ts";

/** Executions that go on at the same time, as an outside world would count them. */
class Executions {
  now = 0;
  most = 0;
  total = 0;
  readonly order: string[] = [];

  async during(id: string, work: () => Promise<unknown>): Promise<void> {
    this.total++;
    this.order.push(id);
    this.most = Math.max(this.most, ++this.now);
    await work();
    this.now--;
  }
}

function counted(executions: Executions, stepMs: number) {
  return (actor: Actor): readonly AnyDefinition[] => [
    flow("work", async (ctx) => {
      await ctx.step("execute", () => executions.during(ctx.runId, () => passed(actor, stepMs)));
    }),
  ];
}

function passed({ connection }: Actor, ms: number): Promise<void> {
  return new Promise((resolve) => {
    connection.clock.after(ms, resolve);
  });
}

const lowerCase = (input: { customer: string }): string => input.customer.toLowerCase();

test("no more runs of a queue are active at once than its limit allows, whoever executes them", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 2 }));
  const serves = counted(executions, 200);
  for (let at = 0; at < 3; at++) await stage.hire(serves);
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, at) => stage.submit("work", `k${at}`)),
  );
  for (const run of runs) await stage.until(run, "completed");
  expect(executions).toMatchObject({ total: 20, most: 2, now: 0 });
  await stage.clock.advance(100);
  const { holders } = await stage.clock.until(stage.client.queue("work").state());
  expect(holders).toEqual([]);
});

test("a limit that is set while runs are active counts them, and one that is raised lets more in at once", async () => {
  const stage = new Stage();
  const gate = new Gate();
  const serves = (): readonly AnyDefinition[] => [
    flow("work", async (ctx) => ctx.step("execute", () => gate.pass())),
  ];
  await stage.hire(serves);
  await stage.hire(serves);
  const queue = stage.client.queue("work");
  const first = await Promise.all([1, 2].map((at) => stage.submit("work", `a${at}`)));
  await stage.clock.untilTrue(() => gate.arrivals === 2);
  await stage.clock.until(queue.set({ concurrency: 2 }));
  await stage.clock.advance(1_000);
  const { holders } = await stage.clock.until(queue.state());
  expect(holders.map(({ run }) => run).toSorted()).toEqual(first);
  await Promise.all([1, 2, 3].map((at) => stage.submit("work", `b${at}`)));
  await stage.clock.advance(5_000);
  expect(gate.arrivals).toBe(2);
  await stage.clock.until(queue.set({ concurrency: 4 }));
  await stage.clock.advance(1_000);
  expect(gate.arrivals).toBe(4);
  await stage.clock.until(queue.set({ concurrency: null }));
  await stage.clock.advance(1_000);
  expect(gate.arrivals).toBe(5);
});

test("the slot of a worker that died comes with its run to the worker that takes it over", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 1 }));
  const serves = counted(executions, 1_000);
  const options = { lease: "2s" } as const;
  const actors = [await stage.hire(serves, options), await stage.hire(serves, options)];
  const runs = await Promise.all([1, 2, 3].map((at) => stage.submit("work", `k${at}`)));
  await stage.clock.untilTrue(() => executions.now === 1);
  const holder = stage.frames(runs[0] ?? "work:k1").at(-1)?.writer;
  await stage.clock.advance(300);
  actors.find(({ worker }) => worker.id === holder || holder === undefined)?.connection.crash();
  executions.now = 0;
  for (const run of runs) await stage.until(run, "completed", 60_000);
  expect(executions.most).toBe(1);
});

test("a slot that was taken for a run which never began is free again", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 1 }));
  const serves = counted(executions, 10);
  const dying = await stage.hire(serves, { lease: "2s" });
  stage.broker.inject({
    afterWrite: ({ kind, process, data }) => {
      const isSlot = new TextDecoder().decode(data).includes("holders");
      if (kind === "control" && process === dying.connection && isSlot) process.crash();
    },
  });
  const run = await stage.submit("work", "k");
  await stage.clock.untilTrue(() => dying.connection.state === "crashed");
  stage.broker.inject({});
  await stage.hire(serves, { lease: "2s" });
  const other = await stage.submit("work", "other");
  await stage.until(other, "completed", 60_000);
  await stage.until(run, "completed", 60_000);
  expect(executions).toMatchObject({ most: 1, total: 2 });
});

test("a worker whose message waits gets its turn, however fast others take each slot that they free", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 1 }));
  const serves = counted(executions, 20);
  const actors = [await stage.hire(serves), await stage.hire(serves), await stage.hire(serves)];
  const runs: RunId[] = [];
  for (let at = 0; at < 300; at++) runs.push(await stage.submit("work", `k${at}`));
  for (const run of runs) await stage.until(run, "completed", 60_000);
  expect(executions.most).toBe(1);
  const writers = runs.map((run) => stage.frames(run)[0]?.writer);
  for (const { worker } of actors) {
    // Over some seconds of load each worker has had its turn more than once.
    expect(writers.filter((writer) => writer === worker.id).length).toBeGreaterThan(3);
  }
  const places = executions.order.map((run, at) =>
    Math.abs(runs.findIndex((id) => id === run) - at),
  );
  expect(Math.max(...places)).toBeLessThan(120);
});

test("a paused queue starts nothing, keeps what is submitted, and all of it goes on when it is resumed", async () => {
  const stage = new Stage();
  const executions = new Executions();
  const serves = counted(executions, 100);
  await stage.hire(serves);
  await stage.hire(serves);
  const queue = stage.client.queue("work");
  const early = await stage.submit("work", "early");
  await stage.clock.untilTrue(() => executions.now === 1);
  await stage.clock.until(queue.pause());
  await stage.clock.advance(1_000);
  expect(stage.status(early)).toBe("completed");
  const runs = await Promise.all(
    Array.from({ length: 10 }, (_, at) => stage.submit("work", `k${at}`)),
  );
  await stage.clock.advance(60_000);
  expect(executions.total).toBe(1);
  await stage.clock.until(queue.resume());
  for (const run of runs) await stage.until(run, "completed");
  expect(executions.total).toBe(11);
});

test("no more runs start in any stretch of a rate's time than it allows, by whichever worker", async () => {
  const stage = new Stage();
  const starts: number[] = [];
  await stage.clock.until(stage.client.queue("work").set({ rate: { limit: 5, per: "10s" } }));
  const serves = (): readonly AnyDefinition[] => [
    flow("work", async (ctx) => {
      await ctx.step("execute", () => void starts.push(stage.clock.now()));
    }),
  ];
  for (let at = 0; at < 3; at++) await stage.hire(serves);
  const runs = await Promise.all(
    Array.from({ length: 23 }, (_, at) => stage.submit("work", `k${at}`)),
  );
  const began = stage.clock.now();
  for (const run of runs) await stage.until(run, "completed", 120_000);
  const stretches = starts.slice(5).map((sixth, at) => sixth - (starts[at] ?? 0));
  expect(Math.min(...stretches)).toBeGreaterThanOrEqual(10_000);
  expect(stage.clock.now() - began).toBeLessThan(50_000);
});

test("a queue that is limited does not empty into one worker: its backlog stays with the broker, in order", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 1 }));
  const serves = counted(executions, 100);
  await stage.hire(serves, { lease: LONG_LEASE });
  await stage.hire(serves, { lease: LONG_LEASE });
  const runs: string[] = [];
  for (let at = 0; at < 10; at++) runs.push(await stage.submit("work", `k${at}`));
  expect(stage.deliveries.length).toBeLessThanOrEqual(5);
  await stage.clock.untilTrue(() => executions.total === 10, 60_000);
  // Each of the two workers keeps one or two that wait.
  for (const [at, run] of executions.order.entries()) {
    expect(Math.abs(runs.indexOf(run) - at)).toBeLessThanOrEqual(2);
  }
});

test("two runs of a key are active at once, whoever executes them, and other keys do not wait for it", async () => {
  const stage = new Stage();
  const [ann, bob] = [new Executions(), new Executions()];
  const serves = (actor: Actor): readonly AnyDefinition[] => [
    flow(
      "work",
      { concurrency: { key: (customer: string) => customer, limit: 2 } },
      async (ctx, customer: string) => {
        const executions = customer === "ann" ? ann : bob;
        await ctx.step("execute", () => executions.during(customer, () => passed(actor, 500)));
      },
    ),
  ];
  for (let at = 0; at < 3; at++) await stage.hire(serves);
  const submit = (customer: string) => stage.clock.until(stage.client.submit("work", customer));
  const runs = [];
  for (let at = 0; at < 9; at++) runs.push(await submit("ann"));
  const started = stage.clock.now();
  const other = await submit("bob");
  await stage.until(other.id, "completed");
  expect(stage.clock.now() - started).toBeLessThan(1_000);
  for (const { id } of runs) await stage.until(id, "completed");
  expect(ann).toMatchObject({ total: 9, most: 2 });
  expect(bob).toMatchObject({ total: 1 });
});

test("a key and a queue limit that are both full do not wait for each other", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 2 }));
  const serves = (actor: Actor): readonly AnyDefinition[] => [
    flow(
      "work",
      { concurrency: { key: (customer: number) => String(customer), limit: 1 } },
      async (ctx, customer: number) => {
        await ctx.step("execute", () =>
          executions.during(String(customer), () => passed(actor, 100)),
        );
      },
    ),
  ];
  for (let at = 0; at < 2; at++) await stage.hire(serves);
  const runs = [];
  for (let at = 0; at < 24; at++) {
    runs.push(await stage.clock.until(stage.client.submit("work", at % 3)));
  }
  for (const { id } of runs) await stage.until(id, "completed");
  expect(executions).toMatchObject({ total: 24, most: 2 });
});

test("a run whose key cannot be found out fails, and says so", async () => {
  const stage = new Stage();
  await stage.hire(() => [
    flow(
      "work",
      { concurrency: { key: lowerCase, limit: 1 } },
      async (_, input: { customer: string }) => input,
    ),
  ]);
  const bad = await stage.clock.until(stage.client.submit("work", {}));
  const error = await stage.clock.until(bad.result().catch((thrown: Error) => thrown));
  expect(error).toMatchObject({ code: "RUN_FAILED" });
  expect(String((error as Error).cause)).toContain("concurrency.key gave no key for run work:");
  const good = await stage.clock.until(stage.client.submit("work", { customer: "Ann" }));
  expect(await stage.clock.until(good.result())).toEqual({ customer: "Ann" });
});

test("a parent and its children in one queue of limit one do not wait for each other", async () => {
  const stage = new Stage();
  const executions = new Executions();
  await stage.clock.until(stage.client.queue("family").set({ concurrency: 1 }));
  const serves = (actor: Actor): readonly AnyDefinition[] => {
    const child = flow("child", { queue: "family" }, async (ctx, number: number) => {
      await ctx.step("execute", () => executions.during(ctx.runId, () => passed(actor, 100)));
      return number;
    });
    const parent = flow(
      "parent",
      { queue: "family" },
      async (ctx, levels: number): Promise<number> => {
        const runs = await Promise.all([1, 2, 3].map((number) => ctx.submit(child, number)));
        const outputs = await Promise.all(runs.map((run) => run.result()));
        const rest = levels === 0 ? 0 : await (await ctx.submit(parent, levels - 1)).result();
        return rest + outputs.reduce((sum, number) => sum + number, 0);
      },
    );
    return [parent, child];
  };
  await stage.hire(serves);
  await stage.hire(serves);
  const run = await stage.clock.until(
    stage.client.submit("parent", 2, { queue: "family", key: "k" }),
  );
  expect(await stage.clock.until(run.result(), 60_000)).toBe(18);
  expect(executions).toMatchObject({ total: 9, most: 1 });
});

test("a run that nobody takes up says what it waits for: the pause, the queue's or its key's slots, the rate", async () => {
  const stage = new Stage();
  const gate = new Gate();
  const queue = stage.client.queue("work");
  const waitsOf = async (id: string): Promise<string> => {
    const view = await stage.clock.until(stage.client.attach(id).state());
    const details = await stage.clock.until(stage.client.attach(id).details());
    expect(details.waitingFor).toEqual(view.waitingFor);
    return `${view.status}: ${view.waitingFor.join(" + ")}`;
  };
  await stage.hire(() => [
    flow("work", { concurrency: { key: (customer: string) => customer, limit: 1 } }, async (ctx) =>
      ctx.step("execute", () => gate.pass()),
    ),
  ]);
  const submit = async (key: string) =>
    (await stage.clock.until(stage.client.submit("work", "ann", { key }))).id;
  await submit("one");
  await stage.clock.untilTrue(() => gate.arrivals === 1);
  const two = await submit("two");
  await stage.clock.advance(3_000);
  expect(await waitsOf(two)).toBe("pending: a slot of key ann (1 of 1 held by work:one)");

  await stage.clock.until(queue.set({ concurrency: 1 }));
  await stage.clock.advance(1_000);
  expect(await waitsOf(two)).toContain("a slot of queue work (1 of 1 held by work:one)");
  await stage.clock.until(queue.pause());
  expect(await waitsOf(two)).toBe("pending: queue work is paused");

  await stage.clock.until(queue.resume());
  await stage.clock.until(queue.set({ concurrency: null, rate: { limit: 1, per: "1h" } }));
  gate.open();
  await stage.until(two, "completed");
  const three = await submit("three");
  await stage.clock.advance(1_000);
  expect(await waitsOf(three)).toMatch(
    /^pending: the rate of queue work \(1 starts in 3600000 ms\) until 2\d{3}-/,
  );
});

test("a worker's own limit of a flow holds for it alone, and other flows do not wait for it", async () => {
  const stage = new Stage();
  const [limited, free] = [new Executions(), new Executions()];
  const serves = (actor: Actor): readonly AnyDefinition[] =>
    [
      { name: "render", executions: limited },
      { name: "mail", executions: free },
    ].map(({ name, executions }) =>
      flow(name, async (ctx) => {
        await ctx.step("execute", () => executions.during(name, () => passed(actor, 100)));
      }),
    );
  const limits = { render: 2 };
  for (let at = 0; at < 2; at++) await stage.hire(serves, { limits });
  const runs: RunId[] = [];
  for (let at = 0; at < 12; at++) runs.push(await stage.submit("render", `k${at}`));
  for (let at = 0; at < 12; at++) runs.push(await stage.submit("mail", `k${at}`));
  for (const run of runs) await stage.until(run, "completed");
  expect(limited).toMatchObject({ total: 12, most: 4 });
  expect(free.most).toBeGreaterThan(4);
});

test("a message that waited in a process that was stopped becomes no token: somebody else had it meanwhile (I4)", async () => {
  const stage = new Stage();
  const gate = new Gate();
  await stage.clock.until(stage.client.queue("work").set({ concurrency: 1 }));
  const holds = flow("holds", { queue: "work" }, async (ctx) =>
    ctx.step("hold", () => gate.pass()),
  );
  const sleeps = flow("sleeps", { queue: "work" }, async (ctx) => {
    await ctx.sleep("20s");
    await ctx.step("one", () => undefined);
    await ctx.sleep("60s");
    await ctx.step("two", () => undefined);
  });
  const first = await stage.hire(() => [holds, sleeps], { lease: "2s" });
  const run = (
    await stage.clock.until(stage.client.submit("sleeps", undefined, { key: "k", queue: "work" }))
  ).id;
  await stage.until(run, "suspended");
  const held = await stage.clock.until(
    stage.client.submit("holds", undefined, { key: "k", queue: "work" }),
  );
  await stage.clock.untilTrue(() => gate.arrivals === 1);
  // The wake-up reaches the only worker, and waits there for the slot.
  await stage.clock.advance(25_000);
  const second = await stage.hire(() => [holds, sleeps], { lease: "2s" });
  const waited = stage.deliveries.at(-1)?.sequence;
  first.connection.pause();
  gate.open();
  // The other one takes both over: the first run to its end, the second to its next sleep.
  await stage.until(held.id, "completed", 60_000);
  await stage.clock.untilTrue(() => stage.events(run, "StepCompleted").length === 1, 60_000);
  await stage.until(run, "suspended", 60_000);
  first.connection.resume();
  await stage.until(run, "completed", 120_000);
  const tokens = stage.events(run, "Activated").map(({ token }) => token);
  expect(tokens).not.toContain(waited);
  await stage.clock.advance(10_000);
  expect(stage.unacked).toEqual([]);
  expect(second.connection.state).toBe("running");
});

function noted(order: string[]) {
  return (actor: Actor): readonly AnyDefinition[] => [
    flow("work", async (ctx, priority: string) => {
      await ctx.step("execute", async () => {
        order.push(priority);
        await passed(actor, 100);
      });
    }),
  ];
}

describe("priorities", () => {
  const PRIORITIES = ["low", "normal", "high"] as const;

  async function submitAll(stage: Stage, each: number): Promise<readonly RunId[]> {
    const runs: RunId[] = [];
    for (const priority of PRIORITIES) {
      for (let at = 0; at < each; at++) {
        const options = { key: `${priority}-${at}`, priority };
        runs.push((await stage.clock.until(stage.client.submit("work", priority, options))).id);
      }
    }
    return runs;
  }

  test.each([
    ["a queue without a limit", undefined],
    ["a queue with a limit", 1],
  ])(
    "in %s the high ones start first, and the low ones are not left for ever",
    async (_, limit) => {
      const stage = new Stage();
      const order: string[] = [];
      const queue = stage.client.queue("work");
      if (limit !== undefined) await stage.clock.until(queue.set({ concurrency: limit }));
      await stage.clock.until(queue.pause());
      const runs = await submitAll(stage, 20);
      await stage.hire(noted(order), { concurrency: 1 });
      await stage.clock.until(queue.resume());
      for (const run of runs) await stage.until(run, "completed", 60_000);
      expect(order).toHaveLength(60);
      const mean = (priority: string): number => {
        const places = order.flatMap((one, at) => (one === priority ? [at] : []));
        return places.reduce((sum, place) => sum + place, 0) / places.length;
      };
      expect(mean("high")).toBeLessThan(mean("normal") - 10);
      expect(mean("normal")).toBeLessThan(mean("low") - 5);
      expect(order.indexOf("low")).toBeLessThan(35);
    },
  );

  test("a worker that serves already reads what comes with a priority, and a run is its queue's", async () => {
    const stage = new Stage();
    const order: string[] = [];
    await stage.hire(noted(order));
    const options = { key: "k", priority: "high" } as const;
    const run = await stage.clock.until(stage.client.submit("work", "high", options));
    await stage.until(run.id, "completed");
    const state = await stage.clock.until(run.state());
    expect(state.queue).toBe("work");
    expect(stage.broker.messages()[0]?.subject).toBe("mr.test.0.new.work--high.work.k");
  });

  test("a key is one run, whatever the priorities that it is submitted with", async () => {
    const stage = new Stage();
    const order: string[] = [];
    const keys: { key: string; priority?: "high" | "low"; ifExists?: "reject" }[] = [
      { key: "k", priority: "high" },
      { key: "k" },
      { key: "k", priority: "low" },
    ];
    for (const options of keys) {
      await stage.clock.until(stage.client.submit("work", "x", options));
    }
    const rejected = stage.client.submit("work", "x", { key: "k", ifExists: "reject" });
    await expect(stage.clock.until(rejected)).rejects.toMatchObject({ code: "RUN_EXISTS" });
    expect(stage.broker.messages()).toHaveLength(1);
    await stage.hire(noted(order));
    await stage.until("work:k", "completed");
    expect(order).toEqual(["x"]);
  });

  test("the run of a worker that died is taken over, wherever its submission waited", async () => {
    const stage = new Stage();
    const order: string[] = [];
    const options = { lease: "2s" } as const;
    const first = await stage.hire(noted(order), options);
    const run = await stage.clock.until(
      stage.client.submit("work", "high", { key: "k", priority: "high" }),
    );
    await stage.clock.untilTrue(() => order.length === 1);
    first.connection.crash();
    await stage.hire(noted(order), options);
    await stage.until(run.id, "completed");
    await stage.clock.advance(3_000);
    expect(stage.unacked).toEqual([]);
  });

  test.each(["work--high", "work--low"])("no queue can be called %s", (queue) => {
    expect(() => flow("work", { queue }, async () => undefined)).toThrow(
      /--high or --low are for priorities/,
    );
  });
});
