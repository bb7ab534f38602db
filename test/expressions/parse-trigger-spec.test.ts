import { describe, expect, test } from "vitest";
import { TriggerInvalidError } from "../../src/engine/trigger-errors.ts";
import { parseTriggerSpec } from "../../src/expressions/parse-trigger-spec.ts";

const RUNS = { kind: "run", statuses: ["crashed"] };
const ORDERS = { kind: "event", types: ["order.created"] };
const CANCEL = { kind: "cancel" };

function refusalOf(spec: unknown): TriggerInvalidError {
  try {
    parseTriggerSpec(spec);
  } catch (error) {
    if (error instanceof TriggerInvalidError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(spec)} was taken`);
}

test("a spec is given back as it is, its members in one order and what is left out left out", () => {
  const spec = {
    limits: { depth: 3, perMinute: 10 },
    action: { webhook: "ops", kind: "webhook", bodyExpression: "run.run" },
    shape: { withinMs: 1_000, count: 3, by: "run.flow", kind: "after" },
    when: { expression: "run.epoch > 1.0", anyTags: ["a"], allTags: ["b"], flows: ["checkout"] },
    on: { statuses: ["failed", "crashed"], kind: "run" },
    name: "tell-ops",
  };
  const parsed = parseTriggerSpec(spec);
  expect(parsed).toEqual(spec);
  expect(JSON.stringify(parsed)).toBe(
    JSON.stringify(parseTriggerSpec(JSON.parse(JSON.stringify(parsed)))),
  );
  expect(Object.keys(parsed)).toEqual(["name", "on", "when", "shape", "action", "limits"]);
});

test("a subject is read from now on unless the beginning is asked for", () => {
  const on = { kind: "subject", subject: "orders.*.created" };
  const action = { kind: "submit", flow: "ship" };
  expect(parseTriggerSpec({ name: "a", on, action }).on).toEqual({ ...on, from: "now" });
});

describe("what is wrong is named with its path", () => {
  const good = { name: "a", on: RUNS, action: CANCEL };

  test.each([
    ["", 7, /give an object/],
    ["", null, /give an object/],
    ["name", { on: RUNS, action: CANCEL }, /missing/],
    ["name", { ...good, name: "a b" }, /letters, digits/],
    ["name", { ...good, name: "a.b" }, /letters, digits/],
    ["on", { name: "a", action: CANCEL }, /missing/],
    ["on.kind", { ...good, on: { kind: "runs" } }, /one of run, event, subject, stream/],
    ["on.statuses", { ...good, on: { kind: "run", statuses: [] } }, /list of 1 to 11/],
    ["on.statuses[1]", { ...good, on: { kind: "run", statuses: ["failed", "dead"] } }, /one of/],
    ["on.longerThanMs", { ...good, on: { ...RUNS, longerThanMs: "1h" } }, /whole milliseconds/],
    ["on.types[0]", { ...good, on: { kind: "event", types: ["a..b"] } }, /tokens with dots/],
    ["on.types[0]", { ...good, on: { kind: "event", types: ["a.>.b"] } }, /tokens with dots/],
    [
      "on.types[0]",
      { ...good, on: { kind: "event", types: ["millrace.run.failed"] } },
      /kind: "run"/,
    ],
    ["on.subject", { ...good, on: { kind: "subject", subject: ">" } }, /first token/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "a..b" } }, /empty/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "a.b*" } }, /token of its own/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "a.>.b" } }, /token of its own/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "a b" } }, /without spaces/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "$JS.API.>" } }, /for the broker/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "mr.default.>" } }, /Millrace alone/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "mrlive.a.>" } }, /Millrace alone/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "mrapi.>" } }, /Millrace alone/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "millrace.>" } }, /below millrace/],
    ["on.subject", { ...good, on: { kind: "subject", subject: "millrace.a.*" } }, /below millrace/],
    [
      "on.subject",
      { ...good, on: { kind: "subject", subject: "millrace.*.events.>" } },
      /below millrace/,
    ],
    [
      "on.subject",
      { ...good, on: { kind: "subject", subject: "millrace.default.submit.pay" } },
      /below millrace/,
    ],
    [
      "on.stream",
      { ...good, on: { kind: "stream", stream: "MR_default_ingress" } },
      /only events and captured/,
    ],
    ["on.stream", { ...good, on: { kind: "stream", stream: "MR_default_published" } }, /only/],
    ["on.stream", { ...good, on: { kind: "stream", stream: "MR_default_3" } }, /only events/],
    ["action.subject", { ...good, action: { kind: "publish", subject: "mrapi.a" } }, /alone/],
    ["on.stream", { ...good, on: { kind: "stream", stream: "A B" } }, /no spaces/],
    ["on.from", { ...good, on: { kind: "stream", stream: "A", from: "then" } }, /now, beginning/],
    ["on.form", { ...good, on: { kind: "stream", stream: "A", form: "now" } }, /mean from/],
    ["when.flows", { ...good, on: ORDERS, when: { flows: ["a"] } }, /only run events/],
    ["when.allTags[0]", { ...good, when: { allTags: [""] } }, /characters/],
    ["when.expression", { ...good, when: { expression: "run.flow ==" } }, /line 1, column 12/],
    ["when.expression", { ...good, when: { expression: "1 + 1" } }, /gives int.*give bool/],
    ["when.expression", { ...good, when: { expression: 'run.flow.matches("a")' } }, /not allowed/],
    ["when.expression", { ...good, when: { expression: "events.size() > 1" } }, /Unknown variable/],
    ["when.expression", { ...good, when: { expression: 7 } }, /is text/],
    ["shape.kind", { ...good, shape: { kind: "often" } }, /one of each/],
    ["shape.size", { ...good, shape: { kind: "batch", size: 0, withinMs: 1 } }, /from 1 to 1000/],
    ["shape.withinMs", { ...good, shape: { kind: "batch", size: 2 } }, /missing/],
    [
      "shape.by",
      { ...good, shape: { kind: "batch", size: 2, withinMs: 1, by: "[1]" } },
      /gives list/,
    ],
    [
      "shape.maxWaitMs",
      { ...good, shape: { kind: "debounce", quietMs: 10, maxWaitMs: 9 } },
      /at least quietMs/,
    ],
    [
      "shape.expected.longerThanMs",
      { ...good, shape: { kind: "absent", expected: { ...RUNS, longerThanMs: 1 }, withinMs: 1 } },
      /only what a trigger is on/,
    ],
    [
      "shape.when.flows",
      { ...good, shape: { kind: "both", other: ORDERS, when: { flows: ["a"] }, withinMs: 1 } },
      /only run events/,
    ],
    [
      "shape",
      { ...good, on: { ...RUNS, longerThanMs: 1 }, shape: { kind: "batch", size: 1, withinMs: 1 } },
      /leave batch out/,
    ],
    ["action", { name: "a", on: RUNS }, /missing/],
    ["action.kind", { ...good, action: { kind: "explode" } }, /one of submit/],
    ["action.reason", { ...good, action: { kind: "cancel", reason: "" } }, /characters/],
    ["action.runExpression", { ...good, on: ORDERS }, /say which run/],
    ["action.runExpression", { ...good, action: { kind: "signal", signal: "a" } }, /missing/],
    ["action.times", { ...good, action: { kind: "resubmit", times: 101 } }, /from 1 to 100/],
    ["action.flow", { ...good, action: { kind: "submit", flow: "a:b" } }, /letters, digits/],
    ["action.subject", { ...good, action: { kind: "publish", subject: "a.*" } }, /reading only/],
    [
      "action.subject",
      { ...good, action: { kind: "publish", subject: "millrace.default.events.app.x" } },
      /only events stand there/,
    ],
    [
      "action.inputExpresion",
      { ...good, action: { kind: "submit", flow: "a", inputExpresion: "1" } },
      /mean inputExpression/,
    ],
    ["limits.depth", { ...good, limits: { depth: 33 } }, /from 1 to 32/],
    ["wehn", { ...good, wehn: {} }, /mean when/],
  ])("%s", (path, spec, message) => {
    const error = refusalOf(spec);
    expect(error.path).toBe(path);
    expect(error.message).toMatch(message);
  });

  test("the error of an expression comes along with its place", () => {
    const { expression } = refusalOf({ ...good, when: { expression: "run.flow == evnt" } });
    expect(expression).toMatchObject({ problem: "invalid", position: 12, length: 4, column: 13 });
  });
});

test("names that every object has are no members", () => {
  const spec: unknown = JSON.parse(
    '{"name": "a", "on": {"kind": "run", "statuses": ["failed"]}, "action": {"kind": "cancel"}, "__proto__": {"limits": {"depth": 1}}}',
  );
  expect(refusalOf(spec).path).toBe("__proto__");
  expect(refusalOf({ name: "a", on: RUNS, action: CANCEL, constructor: 1 }).path).toBe(
    "constructor",
  );
});
