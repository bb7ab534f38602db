import { describe, expect, test } from "vitest";
import {
  flow,
  signal,
  type TriggerInvalidError,
  type TriggerOptions,
  trigger,
  triggerSpecOf,
} from "../../src/index.ts";

const checkout = flow("checkout", async () => 1);
const slow = flow("slow", { queue: "batch" }, async () => 1);
const approval = signal("approval");

function specOf(options: TriggerOptions) {
  const { name, kind, spec } = trigger("a", options);
  expect([name, kind, spec.name]).toEqual(["a", "trigger", "a"]);
  return spec;
}

describe("what happens", () => {
  test.each<[TriggerOptions["on"], unknown]>([
    ["run.crashed", { kind: "run", statuses: ["crashed"] }],
    [["run.failed", "run.crashed"], { kind: "run", statuses: ["failed", "crashed"] }],
    ["order.created", { kind: "event", types: ["order.created"] }],
    [["order.*", "refund.>"], { kind: "event", types: ["order.*", "refund.>"] }],
    [{ run: "crashed" }, { kind: "run", statuses: ["crashed"] }],
    [
      { run: "suspended", longerThan: "1h" },
      { kind: "run", statuses: ["suspended"], longerThanMs: 3_600_000 },
    ],
    [{ event: "run.by-hand" }, { kind: "event", types: ["run.by-hand"] }],
    [
      { subject: "orders.*.created" },
      { kind: "subject", subject: "orders.*.created", from: "now" },
    ],
    [
      { stream: "ORDERS", subject: "orders.>", from: "beginning" },
      { kind: "stream", stream: "ORDERS", subject: "orders.>", from: "beginning" },
    ],
  ])("%j", (on, expected) => {
    expect(specOf({ on, action: { webhook: "ops" } }).on).toEqual(expected);
  });

  test("a state that no run has is refused with those that there are", () => {
    expect(() => trigger("a", { on: "run.crahsed", action: "cancel" })).toThrow(
      /on\.statuses\[0\] is not right: it is one of .*crashed/,
    );
  });

  test("run events and others need a trigger each", () => {
    const on = ["run.failed", "order.created"];
    expect(() => trigger("a", { on, action: { webhook: "ops" } })).toThrow(/a trigger each/);
  });
});

test("conditions take flows by themselves or by name", () => {
  const when = { flow: [checkout, "ship"], tags: ["a"], anyTag: ["b", "c"], if: "run.epoch > 1" };
  expect(specOf({ on: "run.failed", when, action: "resume" }).when).toEqual({
    flows: ["checkout", "ship"],
    allTags: ["a"],
    anyTags: ["b", "c"],
    expression: "run.epoch > 1",
  });
});

const of = (shape: object) =>
  specOf({ on: "order.paid", action: { webhook: "ops" }, ...shape }).shape;

describe("shapes", () => {
  test.each([
    [
      { debounce: { quiet: "5s", maxWait: "1m" } },
      { kind: "debounce", quietMs: 5_000, maxWaitMs: 60_000 },
    ],
    [
      { throttle: { by: "event.type", limit: 3, per: "1m" } },
      { kind: "throttle", by: "event.type", limit: 3, perMs: 60_000 },
    ],
    [{ batch: { size: 10, within: 500 } }, { kind: "batch", size: 10, withinMs: 500 }],
    [{ after: { count: 3, within: "10m" } }, { kind: "after", count: 3, withinMs: 600_000 }],
    [
      { absent: { on: "order.shipped", by: "event.data.id", within: "2d" } },
      {
        kind: "absent",
        by: "event.data.id",
        expected: { kind: "event", types: ["order.shipped"] },
        withinMs: 172_800_000,
      },
    ],
    [
      { with: { on: "run.completed", when: { flow: "pack" }, within: "1h" } },
      {
        kind: "both",
        other: { kind: "run", statuses: ["completed"] },
        when: { flows: ["pack"] },
        withinMs: 3_600_000,
      },
    ],
    [{}, undefined],
  ])("%j", (shape, expected) => {
    expect(of(shape)).toEqual(expected);
  });

  test("two of them are refused", () => {
    const two = { batch: { size: 2, within: 1 }, debounce: { quiet: 1 } };
    expect(() => of(two)).toThrow(/one shape at most/);
  });

  test.each([
    [{ batch: { size: 2, within: "soon" } }, "batch.within"],
    [{ batch: { size: 2, whithin: 1, within: 1 } }, "batch.whithin"],
    [{ debounse: { quiet: 1 } }, "debounse"],
    [{ absent: { on: { run: "failed", longer: 1 }, within: 1 } }, "absent.on.longer"],
  ])("%j is refused at %s", (shape, path) => {
    expect(() => of(shape)).toThrow(
      expect.objectContaining<Partial<TriggerInvalidError>>({ path }),
    );
  });
});

describe("actions", () => {
  test.each<[TriggerOptions["action"], unknown]>([
    ["cancel-children", { kind: "cancel-children" }],
    ["terminate", { kind: "terminate" }],
    [{ submit: checkout }, { kind: "submit", flow: "checkout" }],
    [{ submit: slow }, { kind: "submit", flow: "slow", queue: "batch" }],
    [
      { submit: slow, queue: "other" },
      { kind: "submit", flow: "slow", queue: "other" },
    ],
    [
      { submit: "checkout", input: "event.data", key: "run.key", tags: ["t"] },
      {
        kind: "submit",
        flow: "checkout",
        inputExpression: "event.data",
        keyExpression: "run.key",
        tags: ["t"],
      },
    ],
    [{ resubmit: { times: 3 } }, { kind: "resubmit", times: 3 }],
    [
      { signal: approval, run: "run.parent", value: "run.key" },
      {
        kind: "signal",
        signal: "approval",
        runExpression: "run.parent",
        valueExpression: "run.key",
      },
    ],
    [
      { cancel: "run.root", reason: "why" },
      { kind: "cancel", runExpression: "run.root", reason: "why" },
    ],
    [{ cancelChildren: "run.parent" }, { kind: "cancel-children", runExpression: "run.parent" }],
    [{ resume: "run.parent" }, { kind: "resume", runExpression: "run.parent" }],
    [{ terminate: "run.run" }, { kind: "terminate", runExpression: "run.run" }],
    [
      { webhook: "ops", body: "run" },
      { kind: "webhook", webhook: "ops", bodyExpression: "run" },
    ],
    [
      { publish: "ops.failed", data: "run" },
      { kind: "publish", subject: "ops.failed", dataExpression: "run" },
    ],
  ])("%j", (action, expected) => {
    expect(specOf({ on: "run.failed", action }).action).toEqual(expected);
  });

  test.each([
    [{ explode: true }, "action"],
    [{ webhook: "ops", input: "run" }, "action.input"],
    [{ submit: "checkout", webhook: "ops" }, "action.webhook"],
    ["explode", "action.kind"],
    [{ resubmit: { times: 3, most: 4 } }, "action.resubmit.most"],
  ])("%j is refused at %s", (action, path) => {
    const raw = { name: "a", on: "run.failed", action };
    expect(() => triggerSpecOf(raw)).toThrow(expect.objectContaining({ path }));
  });
});

test("a spec is read as it is, so that what the API shows can be put again", () => {
  const { spec } = trigger("a", {
    on: "order.paid",
    absent: { on: "order.shipped", within: "1h" },
    action: { webhook: "ops" },
  });
  expect(triggerSpecOf(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});
