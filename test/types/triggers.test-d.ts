// oxlint-disable vitest/expect-expect -- that a line does not compile is what some tests assert.
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  flow,
  type Millrace,
  type Schedule,
  schedule,
  serve,
  signal,
  type Trigger,
  type TriggerTest,
  type TriggerView,
  task,
  trigger,
} from "../../src/index.ts";
import type { Exact } from "./support/exact.ts";

declare const millrace: Millrace;

const Days = z.object({ days: z.coerce.number<string>() });
const report = flow("report", { input: Days }, async (_ctx, { days }) => days);
const sweep = flow("sweep", async () => "swept");
const maybe = flow("maybe", async (_ctx, input: { id: string } | undefined) => input?.id);
const charge = task("charge", (order: { id: string }) => order.id);
const approval = signal("approval", { schema: z.boolean() });

test("a trigger takes flows, tasks and signals as they are, or by name", () => {
  const big = trigger("big", {
    on: ["order.created", "order.changed"],
    when: { flow: [report, "sweep"], tags: ["a"], if: "event.data.total > 100" },
    action: { submit: report, input: "event.data", key: "event.data.id", tags: ["big"] },
  });
  expectTypeOf<Exact<typeof big, Trigger>>().toEqualTypeOf<true>();
  void trigger("pay", { on: "order.created", action: { submit: charge } });
  void trigger("by-name", { on: "run.crashed", action: { submit: "report" } });
  void trigger("go", { on: "paid", action: { signal: approval, run: "event.subject" } });
  void trigger("go-by-name", { on: "paid", action: { signal: "approval", run: "event.subject" } });
});

test("an action that needs no more is its name alone, and any other word does not compile", () => {
  void trigger("stop", { on: "run.crashed", action: "cancel-children" });
  // @ts-expect-error -- there is no such action.
  void trigger("a", { on: "run.crashed", action: "explode" });
  // @ts-expect-error -- a signal needs to know which run.
  void trigger("a", { on: "run.crashed", action: { signal: approval } });
  // @ts-expect-error -- it needs how many times at most.
  void trigger("a", { on: "run.crashed", action: { resubmit: {} } });
  // @ts-expect-error -- it needs an action.
  void trigger("a", { on: "run.crashed" });
});

test("of the runs' states only those that there are can be waited for", () => {
  void trigger("a", { on: { run: ["failed", "crashed"] }, action: "resume" });
  void trigger("a", { on: { run: "suspended", longerThan: "1h" }, action: "terminate" });
  // @ts-expect-error -- there is no such state.
  void trigger("a", { on: { run: "exploded" }, action: "resume" });
  // @ts-expect-error -- it does not say of what.
  void trigger("a", { on: { longerThan: "1h" }, action: "cancel" });
  // @ts-expect-error -- it is `now` or `beginning`.
  void trigger("a", { on: { subject: "orders.>", from: "end" }, action: { publish: "b" } });
});

test("a trigger has one shape at most, with all that it needs", () => {
  const on = "order.created";
  const action = { submit: "review" };
  void trigger("a", { on, action, debounce: { quiet: "5s", maxWait: 60_000 } });
  void trigger("a", { on, action, absent: { on: "order.shipped", within: "2d" } });
  // @ts-expect-error -- one of them.
  void trigger("a", {
    on,
    action,
    debounce: { quiet: "5s" },
    throttle: { limit: 1, per: "1m" },
  });
  // @ts-expect-error -- it needs a size.
  void trigger("a", { on, action, batch: { within: "10s" } });
  // @ts-expect-error -- durations are numbers with a unit.
  void trigger("a", { on, action, after: { count: 3, within: "soon" } });
});

test("a schedule's input is what its flow is submitted with", () => {
  const nightly = schedule("nightly", { flow: report, cron: "15 2 * * *", input: { days: "1" } });
  expectTypeOf<Exact<typeof nightly, Schedule>>().toEqualTypeOf<true>();
  void schedule("a", { flow: charge, every: "1h", input: { id: "a" } });
  void schedule("a", { flow: sweep, every: "1h" });
  void schedule("a", { flow: maybe, every: "1h" });
  void schedule("a", { flow: maybe, every: "1h", input: { id: "a" } });
  // @ts-expect-error -- the schema takes text.
  void schedule("a", { flow: report, every: "1h", input: { days: 1 } });
  // @ts-expect-error -- it takes an input.
  void schedule("a", { flow: report, every: "1h" });
  // @ts-expect-error -- it takes none.
  void schedule("a", { flow: sweep, every: "1h", input: { days: "1" } });
  // @ts-expect-error -- a schedule in code has its flow, not a name: the input could be anything.
  void schedule("a", { flow: "report", every: "1h" });
});

test("a schedule goes by the calendar or by a distance, not by both", () => {
  void schedule("a", { flow: sweep, cron: "0 * * * *", timeZone: "Europe/Berlin" });
  void schedule("a", { flow: sweep, every: "15m", from: new Date(0) });
  // @ts-expect-error -- one of them.
  void schedule("a", { flow: sweep, cron: "0 * * * *", every: "1h" });
  // @ts-expect-error -- one of them.
  void schedule("a", { flow: sweep });
  // @ts-expect-error -- a distance has no time zone.
  void schedule("a", { flow: sweep, every: "1h", timeZone: "Europe/Berlin" });
  // @ts-expect-error -- there is no such rule.
  void schedule("a", { flow: sweep, every: "1h", overlap: "replace" });
  // @ts-expect-error -- there is no such mode.
  void schedule("a", { flow: sweep, every: "1h", catchUp: { mode: "some" } });
});

test("a worker serves both beside flows", () => {
  const hourly = schedule("hourly", { flow: sweep, every: "1h" });
  const tell = trigger("tell", { on: "run.crashed", action: { webhook: "ops" } });
  void serve([sweep, charge, hourly, tell], { connection: millrace });
  // @ts-expect-error -- a signal is not served.
  void serve([approval], { connection: millrace });
});

test("a dry run is with one event or with past ones, and tells what would be done", async () => {
  const tested = await millrace.triggers.test("tell", { event: { data: { total: 7 } } });
  expectTypeOf<Exact<typeof tested, TriggerTest>>().toEqualTypeOf<true>();
  void millrace.triggers.test("tell", { past: { since: "2h", limit: 5 } });
  // @ts-expect-error -- one of them.
  void millrace.triggers.test("tell", {});
  const put = await millrace.triggers.put({ name: "tell", on: "run.crashed", action: "resume" });
  expectTypeOf<Exact<typeof put, TriggerView>>().toEqualTypeOf<true>();
});
