import { setTimeout as realPause } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  CancelledError,
  FatalError,
  flow,
  RunCancelledError,
  RunFailedError,
  schedule,
  signal,
  task,
} from "../../../src/index.ts";
import { CrashNotReachedError, TestEngine, TestStuckError } from "../../../src/testing/index.ts";

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

interface Order {
  readonly id: string;
  readonly cents: number;
}

const charge = task("charge", { retry: { attempts: 3, delays: ["1h"] } }, (order: Order) => {
  return Promise.resolve(`payment of ${order.id}`);
});
const approve = signal<{ readonly by: string }>("approve");
const checkout = flow("checkout", async (ctx, order: Order) => {
  const payment = await ctx.run(charge, order);
  const decision = await ctx.receive(approve, { timeout: "3d" });
  return { payment, by: decision?.by ?? "nobody" };
});
const order: Order = { id: "o1", cents: 999 };

test("a flow that sleeps 30 days ends at once, 30 days later", async () => {
  const nap = flow("nap", async (ctx) => {
    const before = ctx.now();
    await ctx.sleep("30d");
    return ctx.now() - before;
  });
  await using engine = await TestEngine.start({ flows: [nap] });
  const run = await engine.submit(nap);
  const slept = await run.result();
  expect(slept).toBeGreaterThanOrEqual(30 * DAY);
  expect(slept).toBeLessThan(30 * DAY + 1_000);
  expect(engine.now() - START).toBeLessThan(30 * DAY + 2_000);
});

test("a run ends at its own time although another one sleeps for years", async () => {
  const wait = flow("wait", async (ctx, days: number) => {
    await ctx.sleep(days * DAY);
    return days;
  });
  await using engine = await TestEngine.start({ flows: [wait] });
  const long = await engine.submit(wait, 3_650);
  const short = await engine.submit(wait, 2);
  expect(await short.result()).toBe(2);
  expect(engine.now() - START).toBeLessThan(3 * DAY);
  expect(await long.result()).toBe(3_650);
});

test("time stands still while the test waits for nothing", async () => {
  await using engine = await TestEngine.start({ flows: [checkout], now: new Date(START) });
  const run = await engine.submit(checkout, order);
  await run.until(approve);
  await realPause(20);
  expect(engine.now()).toBe(START);
  await run.signal(approve, { by: "ann" });
  expect(await run.result()).toEqual({ payment: "payment of o1", by: "ann" });
  expect(engine.now()).toBe(START);
});

test("a signal that nobody sends times out after three days of the engine's time", async () => {
  await using engine = await TestEngine.start({ flows: [checkout] });
  const run = await engine.submit(checkout, order);
  expect(await run.result()).toEqual({ payment: "payment of o1", by: "nobody" });
  expect(engine.now() - START).toBeGreaterThanOrEqual(3 * DAY);
});

test("advance moves the clock by exactly so much, and timers run that come due by then", async () => {
  const ticks: number[] = [];
  const clockwork = flow("clockwork", async (ctx) => {
    for (let tick = 0; tick < 5; tick++) {
      await ctx.sleep("1h");
      await ctx.step("tick", () => ticks.push(tick));
    }
  });
  await using engine = await TestEngine.start({ flows: [clockwork], skipTime: false });
  const run = await engine.submit(clockwork);
  await engine.advance("150m");
  expect([engine.now() - START, ticks]).toEqual([150 * 60_000, [0, 1]]);
  await expect(run.result()).rejects.toThrow(/Time stands still here.*engine\.advance/);
  await engine.advance("3h");
  expect(await run.result()).toBeUndefined();
});

test("steps that really wait hold time up, however long what they race with is", async () => {
  const race = flow("race", async (ctx) => {
    const slow = ctx.step("slow", async () => {
      await realPause(50);
      return "the step";
    });
    return Promise.race([slow, ctx.sleep("1s").then(() => "the sleep")]);
  });
  await using engine = await TestEngine.start({ flows: [race] });
  expect(await (await engine.submit(race)).result()).toBe("the step");
  expect(engine.now()).toBe(START);
});

test("a step that hangs is ended by its time-out", async () => {
  const hang = flow("hang", (ctx) =>
    ctx.step("hang", () => new Promise<string>(() => undefined), { timeout: "100ms" }),
  );
  await using engine = await TestEngine.start({ flows: [hang] });
  const run = await engine.submit(hang);
  await expect(run.result()).rejects.toMatchObject({ cause: { code: "STEP_TIMEOUT" } });
});

test("a stand-in may take as long as it likes by the engine's clock", async () => {
  const slow = task("slow", { timeout: "1h", retry: { attempts: 2 } }, () => "itself");
  const caller = flow("caller", (ctx) => ctx.run(slow));
  await using engine = await TestEngine.start({ flows: [caller] });
  engine.mock(slow, async (_, info) => {
    await info.takes(info.attempt === 1 ? "2h" : "59m");
    return `attempt ${info.attempt}`;
  });
  expect(await (await engine.submit(caller)).result()).toBe("attempt 2");
  expect(engine.now() - START).toBeGreaterThanOrEqual(119 * 60_000);
});

test("stand-ins answer by a function, a value or an error, and retries are as the task says", async () => {
  await using engine = await TestEngine.start({ flows: [checkout] });
  engine.mock(charge, "a value");
  const paid = await engine.submit(checkout, order);
  expect(await paid.result()).toMatchObject({ payment: "a value" });

  engine.mock(charge, (given, { attempt }) => {
    if (attempt < 3) throw new Error("the bank is away");
    return `paid ${given.cents}`;
  });
  const tried = await engine.submit(checkout, order);
  expect(await tried.result()).toMatchObject({ payment: "paid 999" });

  engine.mock(charge, new FatalError("CARD_DECLINED", "no"));
  const declined = await engine.submit(checkout, order);
  await expect(declined.result()).rejects.toThrow(RunFailedError);

  const calls = engine.calls(charge).map(({ run, attempt, input, outcome }) => {
    return [run, attempt, input.cents, outcome !== undefined && "value" in outcome];
  });
  expect(calls).toEqual([
    [paid.id, 1, 999, true],
    [tried.id, 1, 999, false],
    [tried.id, 2, 999, false],
    [tried.id, 3, 999, true],
    [declined.id, 1, 999, false],
  ]);
});

test("inline steps, compensations and flows have stand-ins too, in sagas, shields and flows within flows", async () => {
  const book = task("book", { compensate: () => "itself" }, (what: string) => `itself ${what}`);
  const inner = flow("inner", (ctx) => ctx.step("deep", () => "itself"));
  const ship = flow("ship", () => Promise.resolve("itself"));
  const trip = flow("trip", async (ctx) => {
    const told: unknown[] = [await ctx.run(inner), await ctx.run(ship)];
    told.push(await ctx.shield((part) => part.step("deep", () => "itself")));
    const child = await ctx.submit(ship);
    told.push(await child.result());
    await ctx
      .saga(async (saga) => {
        told.push(await saga.run(book, "hotel"));
        throw new Error("no flight");
      })
      .catch(() => undefined);
    return told;
  });
  await using engine = await TestEngine.start({ flows: [trip] });
  engine.mock("deep", "deep");
  engine.mock(ship, "ship");
  engine.mock(book, (what) => `book ${what}`);
  engine.mock("book.compensate", "undone");
  const run = await engine.submit(trip);
  expect(await run.result()).toEqual(["deep", "ship", "deep", "ship", "book hotel"]);
  expect(engine.calls("book.compensate")).toHaveLength(1);
  const children = await run.children();
  expect(await Promise.all(children.map((child) => child.result()))).toEqual(["ship"]);
});

test("the outcome of a cached step is shared, and computed once", async () => {
  const rate = task(
    "rate",
    { cache: { key: (currency: string) => currency, ttl: "1h" } },
    () => 1.1,
  );
  const convert = flow("convert", (ctx, currency: string) => ctx.run(rate, currency));
  await using engine = await TestEngine.start({ flows: [convert] });
  const runs = await Promise.all(["eur", "eur", "usd"].map((one) => engine.submit(convert, one)));
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual([1.1, 1.1, 1.1]);
  expect(engine.calls(rate).map(({ input }) => input)).toEqual(["eur", "usd"]);
});

test("a cancelled run cleans up, and says that it was cancelled", async () => {
  const cleaned: string[] = [];
  const long = flow("long", async (ctx) => {
    try {
      await ctx.sleep("52w");
    } catch (error) {
      if (error instanceof CancelledError) await ctx.step("clean", () => cleaned.push("clean"));
      throw error;
    }
  });
  await using engine = await TestEngine.start({ flows: [long] });
  const run = await engine.submit(long);
  await run.until("suspended");
  await run.cancel("no longer wanted");
  await expect(run.result()).rejects.toThrow(RunCancelledError);
  expect(cleaned).toEqual(["clean"]);
});

test("a crash before, during and after a step is a crash each, and the run ends as if nothing had happened", async () => {
  await using engine = await TestEngine.start({ flows: [checkout] });
  engine.crashBefore(charge);
  const before = await engine.submit(checkout, order);
  await before.signal(approve, { by: "ann" });
  const outcome = await before.result();
  expect([engine.crashes, engine.calls(charge).length]).toEqual([1, 1]);

  engine.crashDuring("charge");
  const during = await engine.submit(checkout, order);
  await during.signal(approve, { by: "ann" });
  expect(await during.result()).toEqual(outcome);
  expect([engine.crashes, engine.calls(charge).length]).toEqual([2, 3]);

  engine.crashAfter("charge#1");
  const after = await engine.submit(checkout, order);
  await after.signal(approve, { by: "ann" });
  expect(await after.result()).toEqual(outcome);
  expect([engine.crashes, engine.calls(charge).length]).toEqual([3, 4]);
  // No lease was waited for.
  expect(engine.now()).toBe(START);
});

test("a crash at an event of a run leaves other runs' events alone", async () => {
  await using engine = await TestEngine.start({ flows: [checkout] });
  const [one, other] = [await engine.submit(checkout, order), await engine.submit(checkout, order)];
  engine.crashAt(3, other);
  expect(await Promise.all([one.result(), other.result()])).toHaveLength(2);
  const events = await other.events();
  expect(events.findIndex(({ type, epoch }) => type === "Activated" && epoch === 2)).toBe(3);
});

test("a crash that never comes fails the test, and says which steps there were", async () => {
  const engine = await TestEngine.start({ flows: [checkout] });
  engine.crashAfter("chrage");
  await (await engine.submit(checkout, order)).result();
  const stopped = engine.stop();
  await expect(stopped).rejects.toThrow(CrashNotReachedError);
  await expect(stopped).rejects.toThrow(/after step chrage.*charge#1/);
});

test("a run that waits for what nobody does is told of instead of waited for", async () => {
  const wait = flow("wait", (ctx) => ctx.receive(approve));
  await using engine = await TestEngine.start({ flows: [wait] });
  const run = await engine.submit(wait);
  const stuck = run.result();
  await expect(stuck).rejects.toThrow(TestStuckError);
  await expect(stuck).rejects.toThrow(/wait:test-1 does not end: .*signal approve/);
});

test("a child that nobody serves is told of", async () => {
  const parent = flow("parent", async (ctx) => (await ctx.submit("missing")).result());
  await using engine = await TestEngine.start({ flows: [parent] });
  const run = await engine.submit(parent);
  await expect(run.result()).rejects.toThrow(/does not end: .*missing/);
});

test("what a test still does is waited for before a run counts as stuck", async () => {
  const wait = flow("wait", (ctx) => ctx.receive(approve));
  await using engine = await TestEngine.start({ flows: [wait] });
  const run = await engine.submit(wait);
  const result = run.result();
  await realPause(100);
  await run.signal(approve, { by: "late" });
  expect(await result).toEqual({ by: "late" });
});

test("a flow that is changed while it runs is parked, and told of at once", async () => {
  let name = "one";
  const fickle = flow("fickle", async (ctx) => {
    await ctx.step(name, () => 1);
    await ctx.sleep("1d");
  });
  await using engine = await TestEngine.start({ flows: [fickle] });
  const run = await engine.submit(fickle);
  await run.until("suspended");
  name = "two";
  await expect(run.result()).rejects.toThrow(/fickle:test-1 is parked: .*two/s);
});

test("flow code that uses the machine's clock fails there", async () => {
  const hasty = flow("hasty", () => Promise.resolve(Date.now()));
  await using engine = await TestEngine.start({ flows: [hasty] });
  const run = await engine.submit(hasty);
  await expect(run.result()).rejects.toMatchObject({ cause: { code: "FLOW_NOT_DETERMINISTIC" } });
});

test("until says so when the run ends without it", async () => {
  const short = flow("short", (ctx) => ctx.step("only", () => 1));
  await using engine = await TestEngine.start({ flows: [short] });
  const run = await engine.submit(short);
  await run.until({ type: "StepCompleted", step: "only" });
  await expect(run.until("suspended")).rejects.toThrow(/completed, and never was suspended/);
});

test("limits hold: of one queue one run at a time, over crashes", async () => {
  let [now, most] = [0, 0];
  const work = task("work", async () => {
    most = Math.max(most, ++now);
    await realPause(5);
    now--;
  });
  const limited = flow("limited", { concurrency: { key: () => "all", limit: 1 } }, async (ctx) =>
    ctx.run(work),
  );
  await using engine = await TestEngine.start({ flows: [limited] });
  engine.crashAfter(work);
  const runs = [];
  for (let run = 0; run < 4; run++) runs.push(await engine.submit(limited));
  await Promise.all(runs.map((run) => run.result()));
  expect([most, engine.crashes]).toEqual([1, 1]);
});

test("a schedule makes a run a day, if automation is asked for", async () => {
  const days: number[] = [];
  const daily = flow("daily", (ctx) => ctx.step("note", () => days.push(ctx.now())));
  const engine = await TestEngine.start({
    flows: [daily, schedule("each-day", { cron: "0 6 * * *", flow: daily })],
    automation: true,
  });
  await engine.advance("3d");
  expect(days).toHaveLength(3);
  await engine.stop();
});
