// oxlint-disable vitest/expect-expect -- that a line does not compile is what some tests assert.
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  type Flow,
  type FlowContext,
  flow,
  type StepInfo,
  type Task,
  task,
} from "../../src/index.ts";
import type { Exact } from "./support/exact.ts";

const Order = z.object({ id: z.string(), count: z.coerce.number<string>() });
interface OrderIn {
  id: string;
  count: string;
}
interface OrderOut {
  id: string;
  count: number;
}

test("a flow's types are those of its function", () => {
  const one = flow("a", async (_ctx, input: { id: string }) => input.id.length);
  expectTypeOf<Exact<typeof one, Flow<{ id: string }, number>>>().toEqualTypeOf<true>();
});

test("a flow without an input has none, and its context is typed", () => {
  const one = flow("a", (ctx) => {
    expectTypeOf<Exact<typeof ctx, FlowContext>>().toEqualTypeOf<true>();
    return 1;
  });
  expectTypeOf<Exact<typeof one, Flow<undefined, number>>>().toEqualTypeOf<true>();
});

test("a schema gives the function its output type and the submitter its input type", () => {
  const one = flow("a", { input: Order }, async (_ctx, input) => {
    expectTypeOf<Exact<typeof input, OrderOut>>().toEqualTypeOf<true>();
    return input.count;
  });
  expectTypeOf<Exact<typeof one, Flow<OrderOut, number, OrderIn>>>().toEqualTypeOf<true>();
});

test("a task's schema does the same, and its second argument is typed", () => {
  const one = task("a", { input: Order, retry: { attempts: 2 } }, async (input, info) => {
    expectTypeOf<Exact<typeof input, OrderOut>>().toEqualTypeOf<true>();
    expectTypeOf<Exact<typeof info, StepInfo>>().toEqualTypeOf<true>();
    return [input.id];
  });
  expectTypeOf<Exact<typeof one, Task<OrderOut, string[], OrderIn>>>().toEqualTypeOf<true>();
});

test("a key and a step name are made of what the submitter gives, not of what the schema makes of it", () => {
  const one = flow(
    "a",
    {
      input: Order,
      key: (input) => {
        expectTypeOf<Exact<typeof input, OrderIn>>().toEqualTypeOf<true>();
        return input.id;
      },
    },
    async (_ctx, input) => input.count,
  );
  expectTypeOf<Exact<typeof one, Flow<OrderOut, number, OrderIn>>>().toEqualTypeOf<true>();
  const other = task("a", { stepName: (input: Date) => input.toISOString() }, (input: Date) =>
    input.getTime(),
  );
  expectTypeOf<Exact<typeof other, Task<Date, number>>>().toEqualTypeOf<true>();
  // @ts-expect-error -- a key is text
  flow("a", { key: (input: Date) => input.getTime() }, (_ctx, input: Date) => input);
});

test("options without a schema leave the types to the function", () => {
  const one = task("a", { timeout: "5s" }, (input: Date) => input.getTime());
  expectTypeOf<Exact<typeof one, Task<Date, number>>>().toEqualTypeOf<true>();
  const other = flow("a", { queue: "slow" }, async (_ctx, input: Date) => input);
  expectTypeOf<Exact<typeof other, Flow<Date, Date>>>().toEqualTypeOf<true>();
});

test("a function that asks for another type than its schema gives does not compile", () => {
  // @ts-expect-error -- the schema gives a number.
  flow("a", { input: Order }, async (_ctx, input: { count: string }) => input);
  // @ts-expect-error -- the schema gives no `price`.
  task("a", { input: Order }, (input) => input.price);
});

test("an output schema holds the function to its input type, and gives the result its output type", () => {
  const one = flow("a", { output: Order }, async (_ctx, input: Date) => ({
    id: input.toISOString(),
    count: "7",
  }));
  expectTypeOf<Exact<typeof one, Flow<Date, OrderOut>>>().toEqualTypeOf<true>();
  const both = task(
    "a",
    { input: Order, output: z.number(), timeout: "5s" },
    (input) => input.count,
  );
  expectTypeOf<Exact<typeof both, Task<OrderOut, number, OrderIn>>>().toEqualTypeOf<true>();
  const none = task("a", { output: z.string() }, () => "text");
  expectTypeOf<Exact<typeof none, Task<undefined, string>>>().toEqualTypeOf<true>();
  const undone = task(
    "a",
    { output: Order, compensate: (output) => void output.count.toFixed() },
    (input: Date) => ({ id: input.toISOString(), count: "7" }),
  );
  expectTypeOf<Exact<typeof undone, Task<Date, OrderOut>>>().toEqualTypeOf<true>();
  // @ts-expect-error -- the schema takes text.
  flow("a", { output: Order }, async () => ({ id: "a", count: 7 }));
  // @ts-expect-error -- the schema takes a number.
  task("a", { input: Order, output: z.number() }, (input) => input.id);
});

test("options that do not exist, and units that do not, do not compile", () => {
  // @ts-expect-error -- it is `timeout`.
  task("a", { timeoutMs: 5 }, () => 1);
  // @ts-expect-error -- there is no unit `y`.
  task("a", { timeout: "5y" }, () => 1);
  // @ts-expect-error -- delays are a list.
  task("a", { retry: { delays: "5s" } }, () => 1);
  // @ts-expect-error -- a flow has no retry policy: its steps have.
  flow("a", { retry: { attempts: 2 } }, () => 1);
  // @ts-expect-error -- a name is text.
  flow(1, () => 1);
  // @ts-expect-error -- no function.
  flow("a", {});
});

test("a flow sets the search attributes that it declares, of the declared types", () => {
  const attributes = { customer: "text", amount: "number", due: "date" } as const;
  const one = flow("a", { attributes }, async (ctx, _input: Date) => {
    ctx.attribute("customer", "ann");
    ctx.attribute("due", new Date(0));
    ctx.attributes({ amount: 1, customer: undefined });
    // @ts-expect-error -- it is a number.
    ctx.attribute("amount", "42");
    // @ts-expect-error -- it is not declared.
    ctx.attribute("region", "eu");
    // @ts-expect-error -- it is not declared.
    ctx.attributes({ region: "eu" });
    await ctx.shield((inner) => inner.attribute("amount", 1));
    await ctx.saga((saga) => saga.attribute("amount", 1));
    anyFlowUses(ctx);
  });
  expectTypeOf<Exact<typeof one, Flow<Date, void>>>().toEqualTypeOf<true>();
  flow("a", async (ctx) => {
    // @ts-expect-error -- it declares none.
    ctx.attribute("amount", 1);
  });
});

function anyFlowUses(ctx: FlowContext): void {
  ctx.progress(1, 2);
}

test("what attributesOf gives is declared, and its input is what the submitter gives", () => {
  flow(
    "a",
    {
      input: Order,
      attributes: { id: "text", count: "number" },
      attributesOf: (input) => {
        expectTypeOf<Exact<typeof input, OrderIn>>().toEqualTypeOf<true>();
        return { id: input.id };
      },
    },
    async (ctx, input) => {
      expectTypeOf<Exact<typeof input, OrderOut>>().toEqualTypeOf<true>();
      ctx.attribute("count", input.count);
    },
  );
  flow(
    "a",
    // @ts-expect-error -- it is declared as a number.
    { attributes: { count: "number" }, attributesOf: (input: OrderIn) => ({ count: input.count }) },
    async (_ctx, input: OrderIn) => input,
  );
  // @ts-expect-error -- there is no such type.
  flow("a", { attributes: { count: "integer" } }, () => 1);
});
