import { expect, test } from "vitest";
import { FatalError, flow } from "../../../src/index.ts";
import { assertEvents, TestEngine } from "../../../src/testing/index.ts";

const order = flow("order", async (ctx, cents: number) => {
  const paid = await ctx.step("charge", () => ({ id: "p1", cents }));
  await ctx.sleep("1h");
  await ctx.step("ship", () => {
    throw new FatalError("NO_STOCK", "nothing there");
  });
  return paid;
});

test("events are matched in order by type, step and any of their fields", async () => {
  await using engine = await TestEngine.start({ flows: [order] });
  const run = await engine.submit(order, 5);
  await expect(run.result()).rejects.toThrow("nothing there");
  await assertEvents(run, [
    "Activated",
    { type: "StepCompleted", step: "charge", output: { cents: 5 } },
    { type: "TimerFired", timer: "sleep#1" },
    { type: "StepFailed", step: "ship#1", error: new Error("nothing there") },
    "Failed",
  ]);
  await assertEvents(await run.events(), ["TimerSet"]);
});

test("what differs is shown as lines, with both sides for the test runner", async () => {
  await using engine = await TestEngine.start({ flows: [order] });
  const run = await engine.submit(order, 5);
  await run.result().catch(() => undefined);
  const wrong = assertEvents(run, [
    { type: "StepCompleted", step: "charge", output: { cents: 6 } },
    { type: "StepCompleted", step: "refund" },
    "Failed",
  ]);
  const thrown = await wrong.catch((error: unknown) => error as Error);
  expect(thrown).toMatchObject({
    code: "ERR_ASSERTION",
    actual: expect.arrayContaining(["StepCompleted  step: 'charge'  output: { cents: 5 }"]),
    expected: expect.arrayContaining([
      "StepCompleted  step: 'charge'  output: { cents: 6 }",
      "StepCompleted  step: 'refund'",
    ]),
  });
  expect((thrown as Error).message).toContain(
    "- StepCompleted  step: 'charge'  output: { cents: 6 }\n+ StepCompleted  step: 'charge'  output: { cents: 5 }",
  );
  expect((thrown as Error).message).toContain("- StepCompleted  step: 'refund'");
});

test("exactly these events are these and no others", async () => {
  const one = flow("one", (ctx) => ctx.step("only", () => 1));
  await using engine = await TestEngine.start({ flows: [one] });
  const run = await engine.submit(one);
  await run.result();
  await assertEvents(run, ["Activated", "StepCompleted", "Completed"], { exactly: true });
  await expect(assertEvents(run, ["Activated", "Completed"], { exactly: true })).rejects.toThrow(
    /\+ StepCompleted {2}step: 'only#1'/,
  );
});
