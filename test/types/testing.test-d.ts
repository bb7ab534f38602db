import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { flow, signal, task } from "../../src/index.ts";
import type { Call, TestEngine, TestRun } from "../../src/testing/index.ts";

declare const engine: TestEngine;

const Order = z.object({ id: z.string(), cents: z.coerce.number<string>() });
const charge = task("charge", { input: Order }, ({ cents }) => ({ paid: cents }));
const checkout = flow("checkout", { input: Order }, (ctx, order) => ctx.step("x", () => order.id));
const approval = signal("approval", { schema: z.object({ by: z.string() }) });

test("a stand-in takes what the task takes after its schema, and gives what the task gives", () => {
  engine.mock(charge, (order, info) => {
    expectTypeOf(order).toEqualTypeOf<{ id: string; cents: number }>();
    expectTypeOf(info.attempt).toEqualTypeOf<number>();
    expectTypeOf(info.takes("1h")).toEqualTypeOf<Promise<void>>();
    return { paid: order.cents };
  });
  engine.mock(charge, async () => ({ paid: 1 }));
  engine.mock(charge, { paid: 1 });
  engine.mock(charge, new Error("declined"));
  engine.mock(checkout, (order) => order.id);
  engine.mock("inline", (info) => info.step);
  engine.mock("inline", 5);
  // @ts-expect-error -- it gives something else
  engine.mock(charge, { paid: "1" });
  // @ts-expect-error -- it gives something else
  engine.mock(charge, () => "paid");
});

test("calls have the task's types", () => {
  expectTypeOf(engine.calls(charge)).toEqualTypeOf<
    readonly Call<{ id: string; cents: number }, { paid: number }>[]
  >();
  expectTypeOf(engine.calls("inline")).toEqualTypeOf<readonly Call[]>();
});

test("a run takes the input before its schema, and its result and signals have their types", async () => {
  const run = await engine.submit(checkout, { id: "o1", cents: "999" });
  expectTypeOf(run).toEqualTypeOf<TestRun<string>>();
  expectTypeOf(run.result()).toEqualTypeOf<Promise<string>>();
  await run.signal(approval, { by: "ann" });
  // @ts-expect-error -- a number is for after the schema
  await engine.submit(checkout, { id: "o1", cents: 999 });
  // @ts-expect-error -- no such value
  await run.signal(approval, { from: "ann" });
  // @ts-expect-error -- no such event
  await run.until({ type: "StepDone" });
});
