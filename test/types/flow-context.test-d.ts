// oxlint-disable vitest/expect-expect -- that a line does not compile is what some tests assert.
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { type FlowContext, flow, type StepInfo, task } from "../../src/index.ts";
import type { Exact } from "./support/exact.ts";

declare const ctx: FlowContext;

const charge = task("charge", async (order: { id: string }) => ({ paid: order.id }));
const count = task("count", { input: z.object({ n: z.coerce.number<string>() }) }, ({ n }) => n);
const tick = task("tick", () => "tock" as const);
const child = flow("child", async (_ctx, n: number) => [n]);
const empty = flow("empty", async () => true);

test("a step gives what its task gives", async () => {
  const paid = await ctx.run(charge, { id: "a" });
  expectTypeOf<Exact<typeof paid, { paid: string }>>().toEqualTypeOf<true>();
  const ticked = await ctx.run(tick);
  expectTypeOf<Exact<typeof ticked, "tock">>().toEqualTypeOf<true>();
  // @ts-expect-error -- it gives no `id`.
  void paid.id;
});

test("a step takes what its task's schema takes", async () => {
  const n = await ctx.run(count, { n: "7" });
  expectTypeOf<Exact<typeof n, number>>().toEqualTypeOf<true>();
  // @ts-expect-error -- the schema takes text.
  void ctx.run(count, { n: 7 });
});

test("a wrong input of a step does not compile", () => {
  // @ts-expect-error -- `id` is text.
  void ctx.run(charge, { id: 1 });
  // @ts-expect-error -- it takes an input.
  void ctx.run(charge);
  // @ts-expect-error -- it takes none.
  void ctx.run(tick, 1);
});

test("a task's overrides are name, retry and timeout", () => {
  void ctx.run(charge, { id: "a" }, { name: "charge a", retry: { attempts: 2 }, timeout: "5s" });
  // @ts-expect-error -- a queue is no matter of one step.
  void ctx.run(charge, { id: "a" }, { queue: "slow" });
  // @ts-expect-error -- a duration has a unit or is a number.
  void ctx.run(charge, { id: "a" }, { timeout: "soon" });
});

test("a flow inside a flow gives what it gives, and has no overrides", async () => {
  const list = await ctx.run(child, 1);
  expectTypeOf<Exact<typeof list, number[]>>().toEqualTypeOf<true>();
  const yes = await ctx.run(empty);
  expectTypeOf<Exact<typeof yes, boolean>>().toEqualTypeOf<true>();
  // @ts-expect-error -- the input is a number.
  void ctx.run(child, "1");
  // @ts-expect-error -- it takes an input.
  void ctx.run(child);
  // @ts-expect-error -- its steps have policies, it has none.
  void ctx.run(child, 1, { name: "other" });
});

test("an inline step gives what its function gives", async () => {
  const size = await ctx.step("size", async (info) => {
    expectTypeOf<Exact<typeof info, StepInfo>>().toEqualTypeOf<true>();
    return info.attempt;
  });
  expectTypeOf<Exact<typeof size, number>>().toEqualTypeOf<true>();
  const now = await ctx.step("now", () => new Date(), { timeout: "1s" });
  expectTypeOf<Exact<typeof now, Date>>().toEqualTypeOf<true>();
  // @ts-expect-error -- the name comes first.
  void ctx.step(() => 1);
});

test("all gives a list of what its function gives", async () => {
  const all = await ctx.all(["a", "b"], (id) => ctx.run(charge, { id }), { concurrency: 2 });
  expectTypeOf<Exact<typeof all, { paid: string }[]>>().toEqualTypeOf<true>();
  const pairs = await ctx.all(new Map([["a", 1]]), async ([key, value], at) => ({
    key,
    value,
    at,
  }));
  expectTypeOf<
    Exact<typeof pairs, { key: string; value: number; at: number }[]>
  >().toEqualTypeOf<true>();
  // @ts-expect-error -- a number cannot be gone through.
  void ctx.all(5, async () => 1);
});

test("steps go through Promise.all, race, any and allSettled with their types", async () => {
  const both = await Promise.all([ctx.run(charge, { id: "a" }), ctx.run(child, 1)]);
  expectTypeOf<Exact<typeof both, [{ paid: string }, number[]]>>().toEqualTypeOf<true>();
  const first = await Promise.race([ctx.run(tick), ctx.sleep("1s")]);
  expectTypeOf<Exact<typeof first, "tock" | void>>().toEqualTypeOf<true>();
  const any = await Promise.any([ctx.run(tick), ctx.run(empty)]);
  expectTypeOf<Exact<typeof any, "tock" | boolean>>().toEqualTypeOf<true>();
  const [settled] = await Promise.allSettled([ctx.run(child, 1)]);
  expectTypeOf<Exact<typeof settled, PromiseSettledResult<number[]>>>().toEqualTypeOf<true>();
});

test("the rest of the context is typed", () => {
  expectTypeOf<Exact<ReturnType<FlowContext["now"]>, number>>().toEqualTypeOf<true>();
  expectTypeOf<Exact<ReturnType<FlowContext["random"]>, number>>().toEqualTypeOf<true>();
  expectTypeOf<Exact<ReturnType<FlowContext["uuid"]>, string>>().toEqualTypeOf<true>();
  expectTypeOf<Exact<FlowContext["tags"], readonly string[]>>().toEqualTypeOf<true>();
  // @ts-expect-error -- there is no unit `y`.
  void ctx.sleep("1y");
  void ctx.sleepUntil(new Date());
  // @ts-expect-error -- a time is a Date or a number.
  void ctx.sleepUntil("tomorrow");
});
