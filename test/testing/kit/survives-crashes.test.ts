import { expect, test } from "vitest";
import { flow, signal, task } from "../../../src/index.ts";
import { CrashChangesRunError, survivesCrashes } from "../../../src/testing/index.ts";

const approve = signal<string>("approve");
const pay = task(
  "pay",
  { retry: { attempts: 2, delays: ["1m"] } },
  (cents: number, { attempt }) => {
    if (attempt === 1) throw new Error("busy");
    return cents;
  },
);
const part = flow("part", (ctx, name: string) => ctx.step("do", () => `${name} is done`));

test("a flow with retries, signals, timers and children ends alike whatever single crash happens", async () => {
  const good = flow("good", async (ctx, cents: number) => {
    const paid = await ctx.run(pay, cents);
    const child = await ctx.submit(part, "child");
    const by = await ctx.receive(approve, { timeout: "1d" });
    await ctx.sleep("2h");
    return { paid, by, child: await child.result(), id: ctx.uuid() };
  });
  const outputs: unknown[] = [];
  const report = await survivesCrashes(good, 5, {
    engine: { flows: [part] },
    play: async (run) => {
      await run.until(approve);
      await run.signal(approve, "ann");
    },
    check: (output) => outputs.push(output),
    limit: 30,
  });
  expect(report.crashes).toBeGreaterThan(20);
  expect(report.tried).toBeGreaterThan(20);
  expect(outputs).toMatchObject([{ paid: 5, by: "ann", child: "child is done" }]);
});

test("a flow that keeps a state of its own outside of its steps is caught, with the crash that shows it", async () => {
  let calls = 0;
  const bad = flow("bad", async (ctx) => {
    calls++;
    await ctx.step("first", () => 1);
    const seen = calls;
    calls = 0;
    return ctx.run(
      task("second", (given: number) => given),
      seen,
    );
  });
  const caught: unknown = await survivesCrashes(bad, undefined).catch((error: unknown) => error);
  expect(caught).toBeInstanceOf(CrashChangesRunError);
  const { message, actual, expected, crash } = caught as CrashChangesRunError;
  expect(crash).toMatch(/^(before|after) write \d+ \(.+\)$/);
  expect(expected).toContain("completed with 1\ncalled first() as bad:test-1/first#1");
  expect(actual).toContain("completed with 2");
  expect(message).toContain("#2 StepCompleted  step: 'first#1'");
});

test("a flow that asks for other steps when it is taken over is caught", async () => {
  let lives = 0;
  const odd = flow("odd", async (ctx) => {
    const life = ++lives % 2;
    await ctx.step(`life ${life}`, () => life);
  });
  await expect(survivesCrashes(odd, undefined)).rejects.toThrow(CrashChangesRunError);
});

test("of many crashes as many are tried as are allowed, the same for the same seed", async () => {
  const long = flow("long", async (ctx) => {
    for (let step = 0; step < 10; step++) await ctx.step("step", () => step);
  });
  expect(await survivesCrashes(long, undefined, { limit: 5 })).toMatchObject({ tried: 5 });
});
