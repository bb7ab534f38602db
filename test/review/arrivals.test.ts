/** Messages of one run that come at the same moment, or while a worker drains. */
import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { type Actor, Gate, Stage } from "../contract/support/stage.ts";

test("two wakes that reach one worker at once take the run up once, even if that write's ack is lost (I2)", async () => {
  const stage = new Stage();
  const waits = flow("waits", async (ctx) => {
    await ctx.step("first", () => 1);
    await ctx.sleep("1m");
  });
  const first = await stage.hire(() => [waits]);
  const id = await stage.submit("waits");
  await stage.until(id, "running");
  // Long enough that nothing but the wakes takes it up.
  const second = await stage.hire(() => [waits], { suspendAfter: "1h" });
  const { log, clock } = second.connection;
  const append = log.append.bind(log);
  let appends = 0;
  log.append = async (...write) => {
    const outcome = await append(...write);
    if (++appends > 1) return outcome;
    await new Promise<void>((resolve) => clock.after(5_000, resolve));
    return { status: "unknown", cause: "no ack in time" };
  };
  let puts = 0;
  stage.broker.inject({
    afterWrite: ({ kind }) => {
      if (kind === "put" && ++puts === 1) stage.wake(id);
    },
  });
  await stage.clock.until(first.worker.drain());
  await stage.until(id, "completed", 120_000);
  expect(stage.events(id, "Activated").map(({ reason }) => reason)).toEqual([
    "submitted",
    "released",
  ]);
});

test("a run that is taken up just as the worker drains begins no step there", async () => {
  const stage = new Stage();
  const executions: string[] = [];
  const serves = (who: string, gate: Gate) => [
    flow("holds", (ctx) => ctx.step("long", () => gate.pass())),
    flow("late", async (ctx) => {
      await ctx.step("one", () => executions.push(`one by ${who}`));
      await ctx.sleep(100);
      await ctx.step("two", () => executions.push(`two by ${who}`));
    }),
  ];
  const opened = new Gate();
  opened.open();
  const first = await stage.hire(() => serves("first", opened));
  const late = await stage.submit("late");
  await stage.clock.untilTrue(() => executions.length === 1);
  await stage.clock.until(first.worker.drain());

  const gate = new Gate();
  await stage.submit("holds");
  let second: Actor | undefined;
  let draining: Promise<void> | undefined;
  stage.broker.inject({
    beforeWrite: ({ kind, runId, process }) => {
      if (kind === "append" && runId === late && process === second?.connection) {
        draining ??= second.worker.drain();
      }
      return "stored";
    },
  });
  stage.broker.lapseLeases();
  second = await stage.hire((actor) => {
    second = actor;
    return serves("second", gate);
  });
  await stage.clock.untilTrue(() => draining !== undefined && gate.arrivals === 1);
  await stage.clock.advance(1_000);
  gate.open();
  await stage.clock.until(draining as Promise<void>);
  expect(executions).toEqual(["one by first"]);
  expect(stage.status(late)).toBe("released");
});
