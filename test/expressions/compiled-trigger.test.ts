import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../src/engine/cloud-event.ts";
import type { TriggerSpec } from "../../src/engine/trigger-spec.ts";
import { type CompiledTrigger, compileTrigger } from "../../src/expressions/compiled-trigger.ts";
import { parseTriggerSpec } from "../../src/expressions/parse-trigger-spec.ts";

function trigger(spec: Partial<Record<keyof TriggerSpec, unknown>>): CompiledTrigger {
  const on = { kind: "run", statuses: ["crashed"] };
  return compileTrigger(parseTriggerSpec({ name: "a", on, action: { kind: "resume" }, ...spec }));
}

function event(type: string, data: unknown = {}, id = "e-1"): CloudEvent {
  return { specversion: "1.0", id, source: "/test", type, time: "2026-05-01T00:00:00Z", data };
}

function runEvent(status: string, more: object = {}): CloudEvent {
  const data = { run: "checkout:o-1", flow: "checkout", status, tags: ["origin:backend"], ...more };
  return event(`millrace.run.${status}`, data);
}

describe("an event matches when everything that is said holds", () => {
  const whole = trigger({
    when: {
      flows: ["checkout", "ship"],
      allTags: ["origin:backend"],
      anyTags: ["team:a", "team:b"],
      expression: 'run.run.startsWith("checkout:") && event.type == "millrace.run.crashed"',
    },
  });
  const tags = ["origin:backend", "team:b"];

  test("all of it", () => {
    expect(whole.match(runEvent("crashed", { tags }))).toEqual({ isMatch: true });
  });

  test.each([
    ["on", runEvent("failed", { tags }), /failed, not crashed/],
    ["on", event("order.created"), /no run event but order.created/],
    [
      "when.flows",
      runEvent("crashed", { flow: "refund", tags }),
      /refund is not one of checkout, ship/,
    ],
    ["when.allTags", runEvent("crashed", { tags: ["team:a"] }), /lacks the tag origin:backend/],
    ["when.anyTags", runEvent("crashed"), /none of the tags team:a, team:b/],
    ["when.expression", runEvent("crashed", { tags, run: "x:1" }), /expression is false/],
  ])("but for %s", (failed, given, reason) => {
    const match = whole.match(given);
    expect(match).toMatchObject({ isMatch: false, failed });
    expect(match.isMatch ? "" : match.reason).toMatch(reason);
  });

  test("an expression without a value counts as false, and says where", () => {
    const match = trigger({ when: { expression: "run.attributes.amount > 5" } }).match(
      runEvent("crashed"),
    );
    expect(match).toMatchObject({
      isMatch: false,
      failed: "when.expression",
      error: { problem: "failed", position: 4, length: 10 },
    });
  });

  test("a value that is neither true nor false is an error, not a guess", () => {
    const match = trigger({ when: { expression: "run.flow" } }).match(runEvent("crashed"));
    expect(match).toMatchObject({ isMatch: false, error: { problem: "wrong-result" } });
  });

  test.each([
    ["null", null],
    ["a text", "x"],
    ["a list", [1]],
    ["tags that are a number", { tags: 7, flow: 7 }],
  ])("run events that somebody made up of %s are no danger", (_, data) => {
    const match = whole.match(event("millrace.run.crashed", data));
    expect(match.isMatch).toBe(false);
  });
});

const types = (...chosen: string[]) =>
  trigger({
    on: { kind: "event", types: chosen },
    action: { kind: "webhook", webhook: "ops" },
  });

describe("event types", () => {
  test.each([
    ["order.created", "order.created", true],
    ["order.created", "order.created.eu", false],
    ["order.*", "order.created", true],
    ["order.*", "order", false],
    ["order.>", "order.created.eu", true],
    [">", "order.created", true],
    [">", "millrace.trigger.stopped", false],
    ["*.run.crashed", "millrace.run.crashed", false],
    ["millrace.trigger.*", "millrace.trigger.stopped", true],
  ])("%s and %s: %s", (pattern, type, isMatch) => {
    expect(types(pattern).match(event(type)).isMatch).toBe(isMatch);
  });
});

const by = (expression: string) =>
  trigger({ shape: { kind: "batch", size: 2, withinMs: 1, by: expression } });

describe("keys", () => {
  test("texts, numbers and booleans belong together by what they look like", () => {
    expect(by("run.flow").keyOf(runEvent("crashed"))).toBe("checkout");
    expect(by("run.epoch").keyOf(runEvent("crashed", { epoch: 3 }))).toBe("3");
    expect(by("size(run.tags) > 0").keyOf(runEvent("crashed"))).toBe("true");
    expect(trigger({}).keyOf(runEvent("crashed"))).toBe("");
  });

  test("a key that is a list or missing is an error", () => {
    expect(() => by("run.tags").keyOf(runEvent("crashed"))).toThrow(/A key is text/);
    expect(() => by("run.parent").keyOf(runEvent("crashed"))).toThrow(/No such key: parent/);
  });
});

describe("what a firing does", () => {
  test("the run that a run event is about, unless another is said", () => {
    const crashed = [runEvent("crashed", { parent: "order:1" })];
    expect(trigger({}).resolve(crashed)).toEqual({ kind: "resume", run: "checkout:o-1" });
    const cancel = { kind: "cancel-children", runExpression: "run.parent", reason: "why" };
    expect(trigger({ action: cancel }).resolve(crashed)).toEqual({
      kind: "cancel-children",
      run: "order:1",
      reason: "why",
    });
    expect(trigger({ action: { kind: "resubmit", times: 3 } }).resolve(crashed)).toEqual({
      kind: "resubmit",
      run: "checkout:o-1",
      times: 3,
    });
  });

  test("what is no run's id is an error", () => {
    const action = { kind: "cancel", runExpression: "run.flow" };
    expect(() => trigger({ action }).resolve([runEvent("crashed")])).toThrow(/a run's id/);
  });

  test("a submission takes the event's data, or what its expressions make of it", () => {
    const order = event("order.created", { id: "o-1", total: 7 });
    const on = { kind: "event", types: ["order.created"] };
    const submit = { kind: "submit", flow: "review" };
    expect(trigger({ on, action: submit }).resolve([order])).toEqual({
      kind: "submit",
      flow: "review",
      input: { id: "o-1", total: 7 },
    });
    const mapped = {
      ...submit,
      inputExpression: '{"order": event.data.id, "cents": event.data.total * 100}',
      keyExpression: "event.data.id",
      tags: ["t"],
      queue: "slow",
    };
    expect(trigger({ on, action: mapped }).resolve([order])).toEqual({
      kind: "submit",
      flow: "review",
      input: { order: "o-1", cents: 700 },
      key: "o-1",
      tags: ["t"],
      queue: "slow",
    });
  });

  test("a key that no run can have is an error", () => {
    const on = { kind: "event", types: ["a"] };
    const action = { kind: "submit", flow: "review", keyExpression: "event.data.id" };
    const compiled = trigger({ on, action });
    expect(() => compiled.resolve([event("a", { id: "" })])).toThrow(/1 to 128 bytes/);
    expect(() => compiled.resolve([event("a", { id: "x".repeat(129) })])).toThrow(/1 to 128 bytes/);
  });

  test("shapes that gather give all their events, the others the last one", () => {
    const on = { kind: "event", types: [">"] };
    const events = [event("a", 1, "e-1"), event("b", 2, "e-2")];
    const submit = { kind: "submit", flow: "f" };
    const webhook = { kind: "webhook", webhook: "ops" };
    const batch = { kind: "batch", size: 2, withinMs: 1 };
    const debounce = { kind: "debounce", quietMs: 1 };
    expect(trigger({ on, shape: batch, action: submit }).resolve(events)).toMatchObject({
      input: [1, 2],
    });
    expect(trigger({ on, shape: batch, action: webhook }).resolve(events)).toMatchObject({
      body: events,
    });
    expect(trigger({ on, shape: debounce, action: submit }).resolve(events)).toMatchObject({
      input: 2,
    });
    const last = { ...submit, inputExpression: "[event.type, string(size(events))]" };
    const both = { kind: "both", other: { kind: "event", types: ["b"] }, withinMs: 1 };
    expect(trigger({ on, shape: batch, action: last }).resolve(events)).toMatchObject({
      input: ["b", "2"],
    });
    expect(trigger({ on, shape: both, action: last }).resolve(events)).toMatchObject({
      input: ["a", "2"],
    });
  });

  test("signals and messages", () => {
    const on = { kind: "event", types: ["approved"] };
    const approved = event("approved", { order: "o-1", by: "ann" });
    const signal = {
      kind: "signal",
      signal: "approval",
      runExpression: '"checkout:" + event.data.order',
      valueExpression: '{"by": event.data.by}',
    };
    expect(trigger({ on, action: signal }).resolve([approved])).toEqual({
      kind: "signal",
      run: "checkout:o-1",
      signal: "approval",
      value: { by: "ann" },
    });
    const publish = { kind: "publish", subject: "orders.approved" };
    expect(trigger({ on, action: publish }).resolve([approved])).toEqual({
      ...publish,
      data: approved,
    });
  });
});

test("what absent and both wait for has conditions of its own", () => {
  const shipped = { kind: "event", types: ["order.shipped"] };
  const when = { expression: 'event.data.way == "air"' };
  const compiled = trigger({
    on: { kind: "event", types: ["order.paid"] },
    shape: { kind: "absent", expected: shipped, when, withinMs: 1 },
    action: { kind: "webhook", webhook: "ops" },
  });
  expect(compiled.match(event("order.paid")).isMatch).toBe(true);
  expect(compiled.matchOther(event("order.paid")).isMatch).toBe(false);
  expect(compiled.matchOther(event("order.shipped", { way: "air" })).isMatch).toBe(true);
  expect(compiled.matchOther(event("order.shipped", { way: "sea" })).isMatch).toBe(false);
});
