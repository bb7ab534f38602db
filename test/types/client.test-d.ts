// oxlint-disable vitest/expect-expect -- that a line does not compile is what some tests assert.
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  connect,
  flow,
  type Millrace,
  type RecordedEvent,
  type RunDetails,
  type RunEvent,
  type RunHandle,
  type RunId,
  type RunStatus,
  type RunView,
  type ServingWorker,
  serve,
  task,
} from "../../src/index.ts";
import type { Exact } from "./support/exact.ts";

declare const millrace: Millrace;

const Order = z.object({ id: z.string(), count: z.number().default(1) });
const checkout = flow("checkout", { input: Order }, async (_ctx, order) => ({ n: order.count }));
const charge = task("charge", (order: { id: string }) => order.id);
const sweep = flow("sweep", async () => "swept" as const);
const maybe = flow("maybe", async (_ctx, input: { id: string } | undefined) => input?.id);

test("connect gives a Millrace", () => {
  expectTypeOf<Exact<ReturnType<typeof connect>, Promise<Millrace>>>().toEqualTypeOf<true>();
  // @ts-expect-error -- it is `servers`.
  void connect({ url: "nats://127.0.0.1:4222" });
});

test("submit takes what the schema takes and result gives what the flow gives", async () => {
  const run = await millrace.submit(checkout, { id: "a" }, { key: "k", tags: ["a"] });
  expectTypeOf<Exact<typeof run, RunHandle<{ n: number }>>>().toEqualTypeOf<true>();
  const result = await run.result({ timeout: "5s" });
  expectTypeOf<Exact<typeof result, { n: number }>>().toEqualTypeOf<true>();
  // @ts-expect-error -- the result has no `m`.
  void result.m;
});

test("a task is submitted like a flow", async () => {
  const run = await millrace.submit(charge, { id: "a" });
  const result = await run.result();
  expectTypeOf<Exact<typeof result, string>>().toEqualTypeOf<true>();
});

test("an input of another type does not compile", () => {
  // @ts-expect-error -- `id` is text.
  void millrace.submit(checkout, { id: 1 });
  // @ts-expect-error -- `id` is missing.
  void millrace.submit(checkout, { count: 1 });
  // @ts-expect-error -- it takes an input.
  void millrace.submit(checkout);
  // @ts-expect-error -- it takes an input.
  void millrace.submit(charge);
  // @ts-expect-error -- it takes none.
  void millrace.submit(sweep, { id: "a" });
  // @ts-expect-error -- it is `key`.
  void millrace.submit(checkout, { id: "a" }, { id: "k" });
  // @ts-expect-error -- there is no such answer.
  void millrace.submit(checkout, { id: "a" }, { ifExists: "replace" });
});

test("a flow without an input, or with one that may be missing, is submitted without one", async () => {
  const swept = await (await millrace.submit(sweep)).result();
  expectTypeOf<Exact<typeof swept, "swept">>().toEqualTypeOf<true>();
  void millrace.submit(sweep, undefined, { key: "k" });
  const found = await (await millrace.submit(maybe)).result();
  expectTypeOf<Exact<typeof found, string | undefined>>().toEqualTypeOf<true>();
  void millrace.submit(maybe, { id: "a" });
});

test("a run by name gives something unknown, to be checked by who asks", async () => {
  const run = await millrace.submit("checkout", { any: "thing" });
  expectTypeOf<Exact<typeof run, RunHandle>>().toEqualTypeOf<true>();
  const result = await run.result();
  expectTypeOf<Exact<typeof result, unknown>>().toEqualTypeOf<true>();
});

test("attach gives what its caller says, and something unknown when nothing is said", async () => {
  const said = await millrace.attach<{ n: number }>("checkout:a").result();
  expectTypeOf<Exact<typeof said, { n: number }>>().toEqualTypeOf<true>();
  const unsaid = await millrace.attach("checkout:a").result();
  expectTypeOf<Exact<typeof unsaid, unknown>>().toEqualTypeOf<true>();
  // @ts-expect-error -- an unknown has no `n`.
  void unsaid.n;
});

test("a handle's reads are typed", async () => {
  const run = millrace.attach("checkout:a");
  expectTypeOf<Exact<typeof run.id, RunId>>().toEqualTypeOf<true>();
  expectTypeOf<Exact<ReturnType<typeof run.state>, Promise<RunView>>>().toEqualTypeOf<true>();
  expectTypeOf<Exact<ReturnType<typeof run.details>, Promise<RunDetails>>>().toEqualTypeOf<true>();
  for await (const view of run.watch()) {
    expectTypeOf<Exact<typeof view, RunView>>().toEqualTypeOf<true>();
    expectTypeOf<Exact<typeof view.status, RunStatus>>().toEqualTypeOf<true>();
    // @ts-expect-error -- there is no such status.
    if (view.status === "done") return;
  }
  for await (const event of run.events({ follow: true })) {
    expectTypeOf<Exact<typeof event, RecordedEvent>>().toEqualTypeOf<true>();
  }
});

test("events are told apart by their type", () => {
  expectTypeOf<
    Exact<Extract<RunEvent, { type: "TimerSet" }>["fireAt"], number>
  >().toEqualTypeOf<true>();
  // @ts-expect-error -- a released run has no output.
  type Missing = Extract<RunEvent, { type: "Released" }>["output"];
  expectTypeOf<Missing>().not.toBeNever();
});

test("serve takes any mixture of flows and tasks, and nothing else", () => {
  const served = serve([checkout, charge, sweep, maybe], { connection: millrace, lease: "5s" });
  expectTypeOf<Exact<typeof served, Promise<ServingWorker>>>().toEqualTypeOf<true>();
  // @ts-expect-error -- a function is no definition.
  void serve([async () => 1], { connection: millrace });
  // @ts-expect-error -- it needs a connection.
  void serve([checkout], {});
  // @ts-expect-error -- concurrency is a number.
  void serve([checkout], { connection: millrace, concurrency: "10" });
});

test("many submissions take what one takes, and tell handles of what the flow gives", async () => {
  for await (const outcome of millrace.submitMany(checkout, [{ input: { id: "a" } }])) {
    if (outcome.status === "accepted") {
      expectTypeOf<Exact<typeof outcome.handle, RunHandle<{ n: number }>>>().toEqualTypeOf<true>();
    } else expectTypeOf<Exact<typeof outcome.error, Error>>().toEqualTypeOf<true>();
  }
  void millrace.submitMany(sweep, [{}, { options: { key: "k" } }]);
  // @ts-expect-error -- `id` is text.
  void millrace.submitMany(checkout, [{ input: { id: 1 } }]);
  // @ts-expect-error -- it takes an input.
  void millrace.submitMany(checkout, [{ options: { key: "k" } }]);
});

test("many results are of the type of their runs", async () => {
  const run = await millrace.submit(charge, { id: "a" });
  for await (const result of millrace.results([run])) {
    if (result.status !== "completed") continue;
    expectTypeOf<Exact<typeof result.output, string>>().toEqualTypeOf<true>();
  }
  for await (const result of millrace.results(["charge:a"])) {
    if (result.status !== "completed") continue;
    expectTypeOf<Exact<typeof result.output, unknown>>().toEqualTypeOf<true>();
  }
});

test("only runs that a hand can continue are resumed by state", () => {
  void millrace.resumeWhere({ flow: "checkout", status: ["parked", "failed", "crashed"] });
  // @ts-expect-error -- it has ended.
  void millrace.resumeWhere({ flow: "checkout", status: "completed" });
  // @ts-expect-error -- which?
  void millrace.resumeWhere({ flow: "checkout" });
});
