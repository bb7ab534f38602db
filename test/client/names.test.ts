/** Keys and step names that a definition makes of its input: on the in-memory broker. */
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { type AnyDefinition, flow, Millrace, serve, task } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";

interface Order {
  readonly id: string;
}

const checkout = flow("checkout", { key: (order: Order) => order.id }, (_, order: Order) => order);

async function open(definitions: readonly AnyDefinition[]): Promise<{
  readonly broker: MemoryBroker;
  readonly millrace: Millrace;
}> {
  const broker = new MemoryBroker();
  const millrace = new Millrace(broker.connect());
  const worker = await serve(definitions, { connection: millrace, log: pino({ level: "silent" }) });
  onTestFinished(async () => {
    await worker.drain();
    await millrace.close();
  });
  return { broker, millrace };
}

test("a submission without a key gets the one that the flow makes of its input: the same input is the same run", async () => {
  const { millrace } = await open([checkout]);
  const first = await millrace.submit(checkout, { id: "order-42" });
  const again = await millrace.submit(checkout, { id: "order-42" });
  expect([first.id, again.id]).toEqual(["checkout:order-42", "checkout:order-42"]);
  expect(await again.result()).toEqual({ id: "order-42" });
  const rejected = millrace.submit(checkout, { id: "order-42" }, { ifExists: "reject" });
  await expect(rejected).rejects.toMatchObject({ code: "RUN_EXISTS" });
});

test("a key that is given wins over the one that the flow makes", async () => {
  const { millrace } = await open([checkout]);
  const run = await millrace.submit(checkout, { id: "order-42" }, { key: "mine" });
  expect(run.id).toBe("checkout:mine");
});

test("a key that is made is looked for in other queues, like one that is given", async () => {
  const { millrace } = await open([checkout]);
  const first = await millrace.submit(checkout, { id: "a" });
  await first.result();
  const elsewhere = millrace.submit(checkout, { id: "a" }, { queue: "other", ifExists: "reject" });
  await expect(elsewhere).rejects.toMatchObject({ code: "RUN_EXISTS" });
});

test.for([
  { what: "throws", key: (): string => [].at(0) ?? fail("no id"), code: "NAME_FUNCTION_FAILED" },
  { what: "gives no text", key: (): string => undefined as never, code: "INVALID_NAME" },
  { what: "gives too much text", key: (): string => "x".repeat(200), code: "INVALID_NAME" },
  { what: "gives an empty text", key: (): string => "", code: "INVALID_NAME" },
])("a key function that $what is refused before anything is sent", async ({ key, code }) => {
  const { broker, millrace } = await open([checkout]);
  const wrong = flow("wrong", { key }, () => 1);
  await expect(millrace.submit(wrong)).rejects.toMatchObject({ code });
  const outcomes = await millrace.submitMany(wrong, [{}]).toArray();
  expect(outcomes).toMatchObject([{ status: "refused", error: { code } }]);
  expect(broker.messages()).toEqual([]);
});

test("what the schema refuses never reaches the key function", async () => {
  const key = vi.fn<(order: Order) => string>(({ id }) => id);
  const { millrace } = await open([checkout]);
  const input = z.object({ id: z.string() });
  const strict = flow("strict", { input, key }, () => 1);
  const refused = millrace.submit(strict, {} as Order);
  await expect(refused).rejects.toMatchObject({ code: "INPUT_INVALID" });
  expect(key).not.toHaveBeenCalled();
});

test("an error of the key function names the flow and keeps its cause", async () => {
  const { millrace } = await open([checkout]);
  const wrong = flow("wrong", { key: () => fail("no customer") }, () => 1);
  const error: unknown = await millrace.submit(wrong).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: expect.stringContaining("The key of flow wrong cannot be made of this input: no cust"),
    cause: new Error("no customer"),
  });
});

test("what is no function is refused when the flow or task is defined", () => {
  expect(() => flow("a", { key: "{id}" as never }, () => 1)).toThrow(/Option key/);
  expect(() => task("a", { stepName: "{id}" as never }, () => 1)).toThrow(/Option stepName/);
});

test("a child without a key gets the one that its flow makes: two parents share one child", async () => {
  const parent = flow("parent", async (ctx, order: Order) => {
    const child = await ctx.submit(checkout, order);
    return [child.id, await child.result()];
  });
  const { millrace } = await open([parent, checkout]);
  const [one, other] = await Promise.all([
    millrace.submit(parent, { id: "o1" }, { key: "one" }),
    millrace.submit(parent, { id: "o1" }, { key: "other" }),
  ]);
  expect(await one.result()).toEqual(["checkout:o1", { id: "o1" }]);
  expect(await other.result()).toEqual(["checkout:o1", { id: "o1" }]);
});

test("a child whose key cannot be made fails where the flow awaits it, and nothing is sent", async () => {
  const wrong = flow("wrong", { key: () => fail("no customer") }, () => 1);
  const parent = flow("parent", (ctx) =>
    ctx.submit(wrong).catch((error: unknown) => (error as { code: string }).code),
  );
  const { broker, millrace } = await open([parent, wrong]);
  expect(await (await millrace.submit(parent)).result()).toBe("NAME_FUNCTION_FAILED");
  expect(broker.messages().filter(({ subject }) => subject.includes(".wrong."))).toEqual([]);
});

const resize = task(
  "resize",
  { stepName: ({ file }: { readonly file: string }) => `resize ${file}` },
  ({ file }: { readonly file: string }, info) => `${file} by ${info.step}`,
);

test("a step is called as its task makes it of the input; the name of the call wins", async () => {
  const images = flow("images", async (ctx) => [
    await ctx.run(resize, { file: "a.png" }),
    await ctx.run(resize, { file: "a.png" }),
    await ctx.run(resize, { file: "b.png" }, { name: "thumbnail" }),
  ]);
  const { millrace } = await open([images]);
  const run = await millrace.submit(images);
  expect(await run.result()).toEqual([
    "a.png by resize a.png#1",
    "a.png by resize a.png#2",
    "b.png by thumbnail#1",
  ]);
  const { steps } = await run.details();
  expect(steps.map(({ id }) => id)).toEqual(["resize a.png#1", "resize a.png#2", "thumbnail#1"]);
});

test("a step name that cannot be one fails the run before the step is tried", async () => {
  const tried = vi.fn<() => void>();
  const bad = task("bad", { stepName: () => "a#b" }, tried);
  const uses = flow("uses", (ctx) => ctx.run(bad));
  const { millrace } = await open([uses]);
  const failed = (await millrace.submit(uses)).result();
  await expect(failed).rejects.toMatchObject({ cause: { code: "INVALID_NAME" } });
  expect(tried).not.toHaveBeenCalled();
});

test("a step with the longest name can be undone", async () => {
  const undone = vi.fn<(output: unknown) => void>();
  const long = task(
    "book",
    { stepName: () => "x".repeat(128), compensate: (output: number) => undone(output) },
    () => 7,
  );
  const trip = flow("trip", (ctx) =>
    ctx.saga(async (saga) => {
      await saga.run(long);
      throw new Error("no flight");
    }),
  );
  const { millrace } = await open([trip]);
  const run = await millrace.submit(trip);
  await expect(run.result()).rejects.toMatchObject({ cause: { message: "no flight" } });
  expect(undone).toHaveBeenCalledWith(7);
  expect((await run.details()).steps.at(-1)?.id).toBe("book.compensate#1");
});

function fail(message: string): never {
  throw new Error(message);
}
