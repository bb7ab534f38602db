import fc, { type Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { formatRunQuery } from "../../src/engine/format-run-query.ts";
import { parseRunQuery } from "../../src/engine/parse-run-query.ts";
import { QueryError } from "../../src/engine/query-error.ts";
import type { AttributeCondition, RunQuery, TimeWindow } from "../../src/engine/run-query.ts";
import { CLOSED_STATUSES, OPEN_STATUSES, RUN_STATUSES } from "../../src/engine/run-status.ts";

const NOW = Date.parse("2026-05-04T12:00:00Z");
const at = (iso: string): Date => new Date(iso);

test.each<[string, RunQuery]>([
  ["", {}],
  ["  \t\n ", {}],
  ["flow:checkout", { flow: "checkout" }],
  ["flow=checkout", { flow: "checkout" }],
  ["flow:checkout,ship,ship queue:q-1", { flow: ["checkout", "ship"], queue: "q-1" }],
  ["status:failed", { status: "failed" }],
  ["status:failed,awaiting-retry", { status: ["failed", "awaiting-retry"] }],
  ["status:open", { status: OPEN_STATUSES }],
  ["status:closed,failed", { status: CLOSED_STATUSES }],
  ["-status:completed -status:failed", { notStatus: ["completed", "failed"] }],
  ["key:order-42", { key: "order-42" }],
  ["key:order-*", { key: { prefix: "order-" } }],
  ["key:*", { key: { prefix: "" } }],
  ["key:order-\\*", { key: "order-*" }],
  ['key:"order *"', { key: "order *" }],
  ['key:"order "*', { key: { prefix: "order " } }],
  ["id:checkout:a:b", { flow: "checkout", key: "a:b" }],
  ["id:checkout:order-*", { flow: "checkout", key: { prefix: "order-" } }],
  ["tag:job:42 tag:eu", { tags: ["job:42", "eu"] }],
  ["tag:job:42,eu tag:x", { tags: ["x"], anyTag: ["job:42", "eu"] }],
  ['tag:"a,b"', { tags: ["a,b"] }],
  ["tag:a\\,b", { tags: ["a,b"] }],
  ["parent:a:1 root:b:2 worker:w7", { parent: "a:1", root: "b:2", worker: "w7" }],
  ["error:0123456789abcdef", { fingerprint: "0123456789abcdef" }],
  ["archived:yes", { archived: true }],
  ["archived:no", { archived: false }],
  ["order:closed", { order: { by: "closed", direction: "ascending" } }],
  ["order:-submitted", { order: { by: "submitted", direction: "descending" } }],
  ["card declined, twice", { text: "card declined, twice" }],
  ['"TypeError: x" text:more', { text: "TypeError: x more" }],
  ['"say \\"no\\" \\\\ \\n"', { text: 'say "no" \\ n' }],
])("%j is understood", (text, query) => {
  expect(parseRunQuery(text, NOW)).toEqual(query);
});

test.each<[string, TimeWindow]>([
  ["since:1h", { from: at("2026-05-04T11:00:00Z") }],
  ["since:1h until:30m", { from: at("2026-05-04T11:00:00Z"), to: at("2026-05-04T11:30:00Z") }],
  ["submitted:>1d", { from: at("2026-05-03T12:00:00.001Z") }],
  ["submitted:<=1d", { to: at("2026-05-03T12:00:00.001Z") }],
  ["submitted:2026-05-04", { from: at("2026-05-04"), to: at("2026-05-05") }],
  ["submitted:2026-02", { from: at("2026-02-01"), to: at("2026-03-01") }],
  ["submitted>2026-05-04", { from: at("2026-05-05") }],
  ["submitted:>=2026-05-04", { from: at("2026-05-04") }],
  ["submitted:<2026-05-04", { to: at("2026-05-04") }],
  ["submitted:<=2026-05-04", { to: at("2026-05-05") }],
  ["submitted:2026-05-04T12:30", { from: at("2026-05-04T12:30Z"), to: at("2026-05-04T12:31Z") }],
  ["submitted:>=2026-05-04T12:30+02:00", { from: at("2026-05-04T10:30Z") }],
  ["submitted:<2026-05-04T12:30:05.5-01:30", { to: at("2026-05-04T14:00:05.500Z") }],
  [
    "since:2026-05-01 since:2026-04-01 until:2026-06",
    { from: at("2026-05-01"), to: at("2026-06-01") },
  ],
])("%s is a window of time, UTC unless it says otherwise", (text, submitted) => {
  expect(parseRunQuery(text, NOW)).toEqual({ submitted });
});

test("started and closed are windows of their own", () => {
  const { started, closed } = parseRunQuery("started:>=2026-01-01 closed:<2026-02-01", NOW);
  expect({ started, closed }).toEqual({
    started: { from: at("2026-01-01") },
    closed: { to: at("2026-02-01") },
  });
});

test.each<[string, readonly AttributeCondition[]]>([
  ["attr.customer:ann", [{ name: "customer", is: "=", value: "ann" }]],
  ["attr.customer=ann", [{ name: "customer", is: "=", value: "ann" }]],
  ["attr.customer:=ann", [{ name: "customer", is: "=", value: "ann" }]],
  ["attr.amount:42", [{ name: "amount", is: "=", value: 42 }]],
  ["attr.amount>=-1.5e3", [{ name: "amount", is: ">=", value: -1500 }]],
  [
    "attr.amount:>1 attr.amount:<9",
    [
      { name: "amount", is: ">", value: 1 },
      { name: "amount", is: "<", value: 9 },
    ],
  ],
  ["attr.zip:007", [{ name: "zip", is: "=", value: "007" }]],
  ['attr.zip:"42"', [{ name: "zip", is: "=", value: "42" }]],
  ["attr.zip:\\42", [{ name: "zip", is: "=", value: "42" }]],
  ["attr.paid:true", [{ name: "paid", is: "=", value: true }]],
  ['attr.paid:"true"', [{ name: "paid", is: "=", value: "true" }]],
  ["attr.due:2026-05-04T00:00:00.000Z", [{ name: "due", is: "=", value: at("2026-05-04") }]],
  [
    "attr.due:2026-05-04",
    [
      { name: "due", is: ">=", value: at("2026-05-04") },
      { name: "due", is: "<", value: at("2026-05-05") },
    ],
  ],
  ["attr.due>2026-05-04", [{ name: "due", is: ">=", value: at("2026-05-05") }]],
  ["attr.due:2026-02-30", [{ name: "due", is: "=", value: "2026-02-30" }]],
])("%s: an attribute's type is found by its looks", (text, attributes) => {
  expect(parseRunQuery(text, NOW)).toEqual({ attributes });
});

test.each<[string, string, string, string | undefined]>([
  ["flwo:checkout", "flwo", "unknown-field", "flow:checkout"],
  ["status:fialed", "fialed", "invalid-value", "failed"],
  ["status:open,sleeping", "sleeping", "invalid-value", undefined],
  ["flow:a stauts:failed", "stauts", "unknown-field", "status:failed"],
  ["amount>5", "amount", "unknown-field", "attr.amount>5"],
  ["constructor:x", "constructor", "unknown-field", undefined],
  ["flow:a,b flow:c", "flow:c", "given-twice", undefined],
  ["flow:check*", "*", "misplaced-character", undefined],
  ["key:a*b", "*", "misplaced-character", undefined],
  ["key:a,b", "b", "one-value-only", undefined],
  ["key:>a", ">", "invalid-operator", undefined],
  ["key: x", " ", "missing-value", undefined],
  ["flow:a,", "", "missing-value", undefined],
  ["-flow:a", "-flow:a", "not-excludable", undefined],
  ["-word", "-word", "not-excludable", undefined],
  ["-", "", "missing-value", undefined],
  ['text:"no end', '"', "unclosed-quote", undefined],
  ['tag:"a"b', "b", "misplaced-character", undefined],
  ['tag:a"b', '"', "misplaced-character", undefined],
  ["tag:a\\", "\\", "missing-value", undefined],
  ["since:yesterday", "yesterday", "invalid-value", undefined],
  ["since:2026-02-30", "2026-02-30", "invalid-value", undefined],
  ["submitted:1h", "1h", "invalid-operator", "submitted:>1h"],
  ["attr.customer>ann", ">", "invalid-operator", undefined],
  ["attr.a.b:1", "a.b", "unknown-field", undefined],
  ["error:timeout", "timeout", "invalid-value", "text:timeout"],
  ["parent:order-42", "order-42", "invalid-value", undefined],
  ["order:-closd", "-closd", "invalid-value", "-closed"],
  ["archived:maybe", "maybe", "invalid-value", undefined],
  ["flow:über", "über", "invalid-value", undefined],
])("%s is refused, and the error points at %j", (query, pointedAt, problem, suggestion) => {
  const error = refusalOf(query);
  const { position, length } = error;
  expect({ problem: error.problem, suggestion: error.suggestion }).toEqual({ problem, suggestion });
  expect(query.slice(position, position + length)).toBe(pointedAt);
  expect(error.message).toContain(`character ${position + 1}`);
});

test("a query of too many characters is refused before it is read", () => {
  expect(refusalOf("x".repeat(100_000)).problem).toBe("too-long");
});

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
const tricky = fc.oneof(
  text,
  fc.constantFrom("42", "true", "2026-05-04", "*", "a*", '"', "\\", ",", "-", ":", ">1"),
);
const date = fc
  .integer({ min: Date.parse("0001-01-01"), max: Date.parse("9999-12-31") })
  .map((ms) => new Date(ms));
const runId = fc.tuple(token, tricky).map(([flow, key]) => `${flow}:${key}`);
const order = fc.record({
  by: fc.constantFrom(
    "submitted" as const,
    "started" as const,
    "closed" as const,
    "updated" as const,
  ),
  direction: fc.constantFrom("ascending" as const, "descending" as const),
});

/** One, or a list of several: a list of one is the same as one. */
function oneOrSome<T>(value: Arbitrary<T>): Arbitrary<T | readonly T[]> {
  return fc.oneof(value, fc.uniqueArray(value, { minLength: 2, maxLength: 4 }));
}

const window = fc
  .record({ from: date, to: date }, { requiredKeys: [] })
  .filter(({ from, to }) => from !== undefined || to !== undefined);
const condition = fc.oneof(
  fc.record({
    name: token,
    is: fc.constant("=" as const),
    value: fc.oneof(tricky, fc.boolean()),
  }),
  fc.record({
    name: token,
    is: fc.constantFrom("=" as const, ">" as const, ">=" as const, "<" as const, "<=" as const),
    value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), date),
  }),
);
const status = fc.constantFrom(...RUN_STATUSES);
const anyQuery: Arbitrary<RunQuery> = fc.record(
  {
    flow: oneOrSome(token),
    status: oneOrSome(status),
    notStatus: oneOrSome(status),
    queue: oneOrSome(token),
    key: fc.oneof(tricky, fc.record({ prefix: fc.oneof(tricky, fc.constant("")) })),
    tags: fc.array(tricky, { minLength: 1, maxLength: 3 }),
    anyTag: fc.uniqueArray(tricky, { minLength: 2, maxLength: 3 }),
    submitted: window,
    started: window,
    closed: window,
    parent: runId,
    root: runId,
    worker: tricky,
    fingerprint: fc.stringMatching(/^[0-9a-f]{16}$/),
    text: tricky,
    attributes: fc.array(condition, { minLength: 1, maxLength: 3 }),
    archived: fc.boolean(),
    order,
  },
  { requiredKeys: [] },
);

test("what formatRunQuery writes, parseRunQuery reads as the same query", () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      expect(parseRunQuery(formatRunQuery(query), NOW)).toEqual(query);
    }),
    { numRuns: 500 },
  );
});

test("a list that names no value has no text", () => {
  expect(() => formatRunQuery({ flow: [] })).toThrow("at least one");
});

test("any text parses or is refused with a place in it", () => {
  const pieces = fc.constantFrom(
    ..."flow:|status:|-|attr.x|attr.|:|>|>=|<|=|,|*|\\|\"|'| |\t|1h|2026-05-04|failed|since:|key:|\u0000|💥|\ud800|(|)|9".split(
      "|",
    ),
  );
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 25 })
      .map((all) => all.join("")),
  );
  fc.assert(
    fc.property(anyText, (query) => {
      const outcome = outcomeOf(query);
      if (!(outcome instanceof QueryError)) return;
      expect(outcome.position).toBeGreaterThanOrEqual(0);
      expect(outcome.position).toBeLessThanOrEqual(query.length);
      expect(outcome.length).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  "a",
  "-",
  '"',
  "\\",
  "*",
  ",",
  ":",
  ">",
  "1",
  " ",
  "flow:",
  "a,",
  "x:y ",
  "💥",
  "status:faile,",
])("the longest query made of %j takes no time worth mentioning", (piece) => {
  const query = piece.repeat(Math.ceil(8_192 / piece.length)).slice(0, 8_192);
  const began = performance.now();
  outcomeOf(query);
  outcomeOf(`key:${query.slice(0, 8_000)}`);
  outcomeOf(`attr.x>${query.slice(0, 8_000)}`);
  outcomeOf(`since:${query.slice(0, 8_000)}`);
  // Generous: a pattern that backtracks would take minutes.
  expect(performance.now() - began).toBeLessThan(5_000);
});

function refusalOf(query: string): QueryError {
  const outcome = outcomeOf(query);
  if (outcome instanceof QueryError) return outcome;
  throw new Error(`${query} was understood as ${JSON.stringify(outcome)}`);
}

function outcomeOf(query: string): RunQuery | QueryError {
  try {
    return parseRunQuery(query, NOW);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
}
