/** What a run can be searched by: from its submission, from its worker, from its flow. On the in-memory broker. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import {
  type AnyDefinition,
  AttributeInvalidError,
  flow,
  Millrace,
  type RunEvent,
  serve,
  task,
} from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";

interface Order {
  readonly customer: string;
  readonly amount: number;
}

const due = new Date("2026-05-04T00:00:00Z");
const attributes = { customer: "text", amount: "number", paid: "boolean", due: "date" } as const;
const attributesOf = ({ customer, amount }: Order) => ({ customer, amount });
const checkout = flow("checkout", { attributes, attributesOf }, async (ctx, _order: Order) => {
  await ctx.step("charge", () => 1);
  ctx.attribute("paid", true);
  ctx.attributes({ amount: 50, due, customer: undefined });
  await ctx.step("ship", () => 1);
});

function client(broker: MemoryBroker): Millrace {
  const millrace = new Millrace(broker.connect());
  onTestFinished(() => millrace.close());
  return millrace;
}

async function hire(broker: MemoryBroker, definitions: readonly AnyDefinition[]): Promise<void> {
  const connection = client(broker);
  const worker = await serve(definitions, { connection, log: pino({ level: "silent" }) });
  onTestFinished(() => worker.drain());
}

async function annotated(millrace: Millrace, id: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of millrace.attach(id).events()) {
    if (event.type === "Annotated") events.push(event);
  }
  return events;
}

test("a run has the attributes of its input when it is submitted, and then those that its flow sets", async () => {
  const broker = new MemoryBroker();
  const millrace = client(broker);
  const run = await millrace.submit(checkout, { customer: "ann", amount: 42 });
  expect((await run.details()).attributes).toEqual({ customer: "ann", amount: 42 });

  await hire(broker, [checkout]);
  await run.result();
  expect((await run.details()).attributes).toEqual({
    customer: "ann",
    amount: 50,
    paid: true,
    due,
  });
  expect((await run.state()).addedAttributes).toEqual({ amount: 50, paid: true, due });
  expect(await annotated(millrace, run.id)).toHaveLength(1);
});

test("who submits by name gives attributes, and the worker adds what the flow makes of the input in its first frame", async () => {
  const broker = new MemoryBroker();
  const millrace = client(broker);
  const quick = flow("quick", { attributes, attributesOf }, async (_ctx, _order: Order) => 1);
  const input = { customer: "ann", amount: 42 };
  const options = { attributes: { customer: "bob", region: "eu" } };
  const run = await millrace.submit("quick", input, options);
  await hire(broker, [quick]);
  await run.result();

  const { attributes: all, frames } = await run.details();
  expect(all).toEqual({ customer: "bob", region: "eu", amount: 42 });
  expect(frames).toHaveLength(1);
  expect(frames[0]?.events.map(({ type }) => type)).toEqual([
    "Activated",
    "Annotated",
    "Completed",
  ]);
});

test("the submitter's own values go before those of the input", async () => {
  const millrace = client(new MemoryBroker());
  const input = { customer: "ann", amount: 42 };
  const run = await millrace.submit(checkout, input, { attributes: { customer: "bob", due } });
  expect((await run.details()).attributes).toEqual({ customer: "bob", amount: 42, due });
});

test("a child has the attributes that its flow makes of its input", async () => {
  const broker = new MemoryBroker();
  await hire(broker, [
    checkout,
    flow("parent", async (ctx) => {
      const child = await ctx.submit(checkout, { customer: "ann", amount: 42 });
      return child.id;
    }),
  ]);
  const millrace = client(broker);
  const parent = await millrace.submit<undefined, string, undefined>(flow("parent", () => ""));
  const child = millrace.attach(await parent.result());
  await child.result();
  expect((await child.details()).attributes).toMatchObject({ customer: "ann", paid: true });
});

test("what a flow does not declare, or declares otherwise, is refused before anything is sent", async () => {
  const millrace = client(new MemoryBroker());
  const input = { customer: "ann", amount: 42 };
  const refused = [
    millrace.submit(checkout, input, { key: "a", attributes: { region: "eu" } }),
    millrace.submit(checkout, input, { key: "a", attributes: { amount: "42" } }),
    millrace.submit("checkout", input, { key: "a", attributes: { "a b": 1 } }),
    millrace.submit(checkout, { customer: "x".repeat(300), amount: 1 }, { key: "a" }),
  ];
  for (const one of refused) await expect(one).rejects.toThrow(AttributeInvalidError);
  await expect(millrace.attach("checkout:a").state()).rejects.toMatchObject({
    code: "RUN_NOT_FOUND",
  });
});

test("an attributesOf that throws is told at the submission, and costs a run that is submitted by name only its attributes", async () => {
  const broker = new MemoryBroker();
  const millrace = client(broker);
  const broken = flow(
    "broken",
    {
      attributes,
      attributesOf: (): never => {
        throw new Error("no such order");
      },
    },
    async (_ctx, _order: Order) => "done",
  );
  await hire(broker, [broken]);
  const input = { customer: "ann", amount: 42 };
  await expect(millrace.submit(broken, input)).rejects.toMatchObject({
    code: "NAME_FUNCTION_FAILED",
    message: expect.stringContaining("no such order"),
  });
  const run = await millrace.submit("broken", input);
  expect(await run.result()).toBe("done");
  expect((await run.details()).attributes).toEqual({});
});

test("a flow that sets what it does not declare fails with a typed error, unless it catches it", async () => {
  const broker = new MemoryBroker();
  const wrong = flow("wrong", { attributes: { amount: "number" } }, async (ctx) => {
    ctx.attribute("amount", "much" as unknown as number);
  });
  await hire(broker, [wrong]);
  const run = await client(broker).submit(wrong);
  await expect(run.result()).rejects.toMatchObject({
    cause: { code: "ATTRIBUTE_INVALID", message: expect.stringContaining("amount") },
  });
});

test("a flow that runs inside another sets its own attributes on that run", async () => {
  const broker = new MemoryBroker();
  const inner = flow("inner", { attributes: { stage: "text" } }, async (ctx) => {
    ctx.attribute("stage", "inner");
  });
  const outer = flow("outer", { attributes: { amount: "number" } }, async (ctx) => {
    ctx.attribute("amount", 1);
    await ctx.run(inner);
    await ctx.saga((saga) => saga.attribute("amount", 2));
  });
  await hire(broker, [outer]);
  const run = await client(broker).submit(outer);
  await run.result();
  expect((await run.details()).attributes).toEqual({ amount: 2, stage: "inner" });
});

test("a replay tells the same attributes again, and records nothing for it", async () => {
  const broker = new MemoryBroker();
  const told = flow("told", { attributes: { amount: "number" } }, async (ctx) => {
    ctx.attribute("amount", 1);
    await ctx.step("one", () => 1);
    await ctx.sleep("4s");
  });
  const connection = client(broker);
  const log = pino({ level: "silent" });
  const first = await serve([told], { connection, log, suspendAfter: 0 });
  const millrace = client(broker);
  const run = await millrace.submit(told);
  await expect.poll(async () => (await run.state()).status).toBe("suspended");
  await first.drain();
  await hire(broker, [told]);
  await run.result();
  expect(await annotated(millrace, run.id)).toHaveLength(1);
});

test("a task that is submitted takes any attributes that can be searched", async () => {
  const millrace = client(new MemoryBroker());
  const run = await millrace.submit(
    task("resize", () => 1),
    undefined,
    { attributes: { region: "eu" } },
  );
  expect((await run.details()).attributes).toEqual({ region: "eu" });
});

test.each([
  ["a type that there is not", { amount: "decimal" }],
  ["a name that is no token", { "a b": "text" }],
])("a flow cannot declare %s", (_, wrong) => {
  expect(() => flow("f", { attributes: wrong as never }, () => 1)).toThrow(/attributes/);
});
