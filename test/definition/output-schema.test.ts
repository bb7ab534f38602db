/** What a flow or task gives is checked by its output schema before anything of it is recorded. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { type AnyDefinition, flow, Millrace, serve, task } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";

const Receipt = z.object({ cents: z.number().int(), paidAt: z.coerce.date() });

async function serving(...definitions: readonly AnyDefinition[]): Promise<Millrace> {
  const millrace = new Millrace(new MemoryBroker().connect());
  const log = pino({ level: "silent" });
  const worker = await serve(definitions, { connection: millrace, log });
  onTestFinished(async () => {
    await worker.drain();
    await millrace.close();
  });
  return millrace;
}

test("a step's output is recorded as the schema gives it back", async () => {
  const pay = task("pay", { output: Receipt }, (cents: number) => ({
    cents,
    paidAt: 0,
    card: "1",
  }));
  const shop = flow("shop", async (ctx, cents: number) => ctx.run(pay, cents));
  const millrace = await serving(shop, pay);
  const expected = { cents: 7, paidAt: new Date(0) };
  expect(await (await millrace.submit(shop, 7)).result()).toEqual(expected);
  expect(await (await millrace.submit(pay, 7)).result()).toEqual(expected);
});

test("an output that does not match fails the step at once, with issue and path, whatever may be retried", async () => {
  let attempts = 0;
  const options = { output: Receipt, retry: { attempts: 5 } };
  const pay = task("pay", options, () => ({ cents: ++attempts / 2, paidAt: 0 }));
  const shop = flow("shop", async (ctx) => ctx.run(pay));
  const millrace = await serving(shop);
  const run = await millrace.submit(shop);
  await expect(run.result()).rejects.toMatchObject({
    code: "RUN_FAILED",
    cause: {
      name: "OutputInvalidError",
      code: "OUTPUT_INVALID",
      subject: "task pay",
      issues: [expect.stringMatching(/^cents: /)],
      message: expect.stringMatching(/^The output of task pay does not match its schema: cents: /),
    },
  });
  expect(attempts).toBe(1);
  expect((await run.details()).steps).toMatchObject([{ id: "pay#1", status: "failed" }]);
});

test("a flow's output is checked before the run completes, and the run is resumed with code that fits", async () => {
  let cents: unknown = "seven";
  let steps = 0;
  const price = flow("price", { output: z.object({ cents: z.number() }) }, async (ctx) => {
    await ctx.step("ask", () => ++steps);
    return { cents: cents as number };
  });
  const millrace = await serving(price);
  const run = await millrace.submit(price);
  await expect(run.result()).rejects.toMatchObject({
    cause: { code: "OUTPUT_INVALID", subject: "flow price" },
  });
  cents = 7;
  await run.resume();
  await expect.poll(async () => (await run.state()).status).toBe("completed");
  expect(await run.result()).toEqual({ cents: 7 });
  expect(steps).toBe(1);
});

test("a flow inside a flow gives what its schema gives, and throws where it is called", async () => {
  const inner = flow("inner", { output: z.number().max(9) }, (_, value: number) => value);
  const outer = flow("outer", async (ctx, value: number) => {
    try {
      return await ctx.run(inner, value);
    } catch (error) {
      return (error as Error).name;
    }
  });
  const millrace = await serving(outer);
  expect(await (await millrace.submit(outer, 9)).result()).toBe(9);
  expect(await (await millrace.submit(outer, 10)).result()).toBe("OutputInvalidError");
});

test("a schema that checks later is waited for", async () => {
  const later = z.number().refine(async (value) => value > 0, "is not positive");
  const some = flow("some", { input: z.number(), output: later }, (_, value) => value);
  const millrace = await serving(some);
  expect(await (await millrace.submit(some, 1)).result()).toBe(1);
  await expect((await millrace.submit(some, -1)).result()).rejects.toMatchObject({
    cause: { issues: ["is not positive"] },
  });
});
