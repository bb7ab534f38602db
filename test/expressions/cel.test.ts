import { describe, expect, test } from "vitest";
import { ExpressionError } from "../../src/engine/expression-error.ts";
import { compileExpression, EXPRESSION_LIMITS } from "../../src/expressions/cel.ts";

const VARIABLES = ["event", "run", "events"] as const;

function evaluate(text: string, data: unknown = {}, run: unknown = {}): unknown {
  const values = { event: { type: "order.created", data }, run, events: [{ data }] };
  return compileExpression(text, { variables: VARIABLES }).evaluate(values);
}

function problemOf(text: string, data: unknown = {}): ExpressionError {
  try {
    evaluate(text, data);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} has a value`);
}

describe("what an expression gives", () => {
  test.each([
    ["event.data.total > 100", true],
    ["event.data.total == 150", true],
    ["event.data.total * 2", 300],
    ["2 * event.data.total - 0.5", 299.5],
    ["event.data.total % 7 == 3", true],
    ["size(event.data.items) * 1.5", 3],
    ["event.data.items[1].name", "b"],
    ["event.data.items.map(item, item.name)", ["a", "b"]],
    ['event.data.items.exists(item, item.name == "b")', true],
    ['{"id": event.data.id, "lines": [1, "x"]}', { id: "o-1", lines: [1, "x"] }],
    ['"order-" + event.data.id', "order-o-1"],
    ["string(event.data.total)", "150"],
    ["event.data.?missing.orValue(7)", 7],
    ["has(event.data.missing)", false],
    ["has(run.flow)", false],
    ['"o-1" in [event.data.id]', true],
    ["events.map(e, e.data.total)", [150]],
    ['timestamp("2026-01-01T00:00:00Z") + duration("90m")', "2026-01-01T01:30:00.000Z"],
    ['duration("90m")', "5400s"],
    ["uint(3)", 3],
    ["event.data.?missing", null],
    ["null", null],
    ["cel.bind(x, event.data.total, x + x)", 300],
    ['true // or not\n && event.data.id == "o-1"', true],
  ])("%s is %j, as plain JSON", (text, expected) => {
    const data = { id: "o-1", total: 150, items: [{ name: "a" }, { name: "b" }] };
    expect(evaluate(text, data)).toEqual(expected);
  });

  test("a result is a copy: changing it changes no event", () => {
    const data = { items: [1] };
    const result = evaluate("event.data.items", data) as number[];
    result.push(2);
    expect(data).toEqual({ items: [1] });
  });

  test.each([
    ["9007199254740993", /too large for a JSON number: use string/],
    ["1.0 / 0.0", /cannot stand in JSON/],
    ['b"abc"', /bytes/],
    ["type(1)", /no value/],
  ])("%s cannot be said in JSON, and is refused", (text, message) => {
    const error = problemOf(text);
    expect(error.problem).toBe("wrong-result");
    expect(error.message).toMatch(message);
  });
});

describe("what is wrong is told with its place", () => {
  test("a variable that is not there, before any event", () => {
    const text = "event.data.total > 100 &&\n  evnt.type == 'x'";
    const { problem, position, length, line, column, message } = problemOf(text);
    expect({ problem, position, length, line, column }).toEqual({
      problem: "invalid",
      position: text.indexOf("evnt"),
      length: 4,
      line: 2,
      column: 3,
    });
    expect(message).toBe("Unknown variable: evnt (line 2, column 3).");
  });

  test.each([
    ["event.data.", "syntax", 12],
    ["1 +", "syntax", 4],
    ["1], [2", "syntax", 2],
    ["1, 2", "syntax", 2],
    ['"a" < 1', "invalid", 1],
    ["nothing()", "invalid", 1],
    ["event.data.missing == 1", "failed", 12],
    ["event.data.id + 1", "failed", 1],
    ["event.data.id ? 1 : 2", "failed", 12],
    ["1 / 0", "failed", 1],
    ["", "syntax", 1],
  ])("%s: %s at column %i", (text, problem, column) => {
    expect(problemOf(text, { id: "o-1" })).toMatchObject({ problem, column });
  });

  test("a field that an operator passes over is no error", () => {
    expect(evaluate("event.data.missing == 1 || true")).toBe(true);
    expect(evaluate("false && event.data.missing == 1")).toBe(false);
  });
});

describe("names that reach into JavaScript give nothing", () => {
  test.each([
    "event.__proto__",
    'event["__proto__"]',
    "event.constructor",
    'event.data["constructor"]["constructor"]',
    "event.data.toString",
    "event.data.hasOwnProperty",
    "events[0].data.items.length",
    'event.type["length"]',
    "event.data.items.constructor",
  ])("%s", (text) => {
    expect(problemOf(text, { items: [1] }).problem).toBe("failed");
  });

  test.each([
    "__proto__",
    "constructor",
    "globalThis",
    "process",
    "require('fs')",
    "millrace_evaluator()",
  ])("%s is nothing that an expression knows", (text) => {
    expect(["invalid", "syntax"]).toContain(problemOf(text).problem);
  });

  test("members of that name in an event stay data", () => {
    const data: unknown = JSON.parse('{"__proto__": {"isAdmin": true}, "id": "o-1"}');
    const result = evaluate("event.data", data) as object;
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(JSON.stringify(result)).toBe(JSON.stringify(data));
    expect(evaluate('{"__proto__": {"isAdmin": true}}.?isAdmin', data)).toBeNull();
    expect(({} as Readonly<Record<string, unknown>>)["isAdmin"]).toBeUndefined();
  });
});

describe("matches() is refused before anything is evaluated", () => {
  test.each([
    'event.data.id.matches("a")',
    '"a".matches("(a+)+$")',
    '"a" . matches\n("a")',
    'matches("a", "a")',
    'event.data.items.exists(x, x.matches("a"))',
    'cel.bind(x, "a", x.matches("a"))',
    'event.data.?id.orValue("".matches("a") ? "x" : "y")',
    'true || "a".matches("a")',
    '[{"a": "".matches("b")}]',
  ])("%s", (text) => {
    const { problem, message } = problemOf(text);
    expect(problem).toBe("refused");
    expect(message).toMatch(/matches\(\) is not allowed/);
  });
});

const values = (numbers: readonly number[]): Readonly<Record<string, unknown>> => ({
  event: { data: { list: numbers } },
  run: {},
  events: [],
});

describe("bounds", () => {
  const list = Array.from({ length: 50_000 }, (_, at) => at);
  const map = Object.fromEntries(list.map((at) => [`k${at}`, at]));
  const text = "a".repeat(1_000_000);
  const data = { list, map, text };

  test("100 KB of expression are refused by their length alone", () => {
    const error = problemOf(`"${"a".repeat(100_000)}"`);
    expect(error.problem).toBe("too-large");
    expect(error.expression).toHaveLength(EXPRESSION_LIMITS.characters);
    expect(error.message).toMatch(/100002 characters and may have 4000/);
  });

  test.each([
    ["nested parentheses", "(".repeat(1_900) + "1" + ")".repeat(1_900)],
    ["nested lists", "[".repeat(1_900) + "]".repeat(1_900)],
    ["negations", `${"!".repeat(3_900)}true`],
    ["a chain of selections", `event${".a".repeat(1_900)}`],
    ["a chain of sums", `1${"+1".repeat(1_900)}`],
    ["a long list", `[${"1,".repeat(150)}1]`],
    ["macros within macros", "[1].map(a, [1].map(b, [1].map(c, [1].map(d, [1].map(e, 1)))))"],
    ["macros as receivers of macros", "[1].map(a, 1).map(b, 1).map(c, 1).map(d, 1).map(e, 1)"],
  ])("%s are refused when the expression is compiled", (_, expression) => {
    expect(problemOf(expression).problem).toBe("too-large");
  });

  test.each([
    ["nested loops", "event.data.list.map(x, event.data.list.map(y, y))"],
    [
      "loops over the keys of a map",
      'event.data.list.exists(x, event.data.map.exists(k, k == ""))',
    ],
    ["errors that a loop passes over", "event.data.list.exists(x, x.foo == 1)"],
    [
      "errors that options pass over",
      "event.data.list.exists(x, event.data.list[?99999].hasValue())",
    ],
    ["comparisons of maps", "event.data.list.exists(x, event.data.map == x)"],
    ["comparisons of lists", "event.data.list.exists(x, event.data.list == event.data.list)"],
    ["what is in a list of maps", "event.data.list.exists(x, event.data.map in [event.data.map])"],
    ["types of maps", "event.data.list.exists(x, event.data.map)"],
    ["texts that are counted", "event.data.list.exists(x, size(event.data.text) == 3)"],
    [
      "texts that are compared",
      'event.data.list.exists(x, event.data.text + "a" == event.data.text)',
    ],
    ["texts that are searched", `event.data.text.contains("${"a".repeat(3_000)}b")`],
    ["texts that are taken apart", 'event.data.text.split("")'],
    ["texts that are put together", "event.data.list.map(x, event.data.text).join()"],
    ["texts that are kept", "event.data.list.map(x, event.data.text + string(x))"],
    ["digits that are read as a duration", 'duration(event.data.text.lowerAscii() + "h")'],
    ["dates in time zones", 'event.data.list.exists(x, timestamp(x).getHours("Asia/Tokyo") == 77)'],
  ])("%s end after a counted number of steps", (_, expression) => {
    expect(problemOf(expression, data).problem).toBe("too-costly");
  });

  test("what spends too much is not rescued by an operator that passes over errors", () => {
    const costly = "event.data.list.exists(x, event.data.list.exists(y, y < 0))";
    expect(problemOf(`${costly} || true`, data).problem).toBe("too-costly");
    expect(problemOf(`event.data.list.exists(x, ${costly})`, data).problem).toBe("too-costly");
  });

  test("values that double at each step do not grow beyond their bound", () => {
    const names = Array.from({ length: 12 }, (_, at) => `v${at}`);
    const doubled = (first: string, twice: (name: string) => string): string => {
      const bindings = names.map((name, at) => {
        const before = names[at - 1];
        return `cel.bind(${name}, ${before === undefined ? first : twice(before)}, `;
      });
      return `${bindings.join("")}${names.at(-1)}${")".repeat(names.length)}`;
    };
    const texts = problemOf(
      doubled("event.data.text", (name) => `${name} + ${name}`),
      data,
    );
    const lists = problemOf(
      doubled("event.data.list", (name) => `${name} + ${name}`),
      data,
    );
    const shared = problemOf(
      doubled("event.data.list", (name) => `[${name}, ${name}]`),
      data,
    );
    expect([texts.problem, lists.problem, shared.problem]).toEqual([
      "too-costly",
      "too-costly",
      "wrong-result",
    ]);
  });

  test("a result is bounded in its size and its depth", () => {
    expect(problemOf("[event.data.text, event.data.text]", data).message).toMatch(
      /larger than 1048576 characters/,
    );
    let deep: unknown = 1;
    for (let at = 0; at < 100; at++) deep = [deep];
    expect(problemOf("event.data", { deep }).message).toMatch(/deeper than 64/);
  });

  test("an event that is nested without end is an error, not an overflow", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expect(["failed", "too-costly"]).toContain(
      problemOf("event.data == event.data + [1]", deep).problem,
    );
    expect(evaluate("size(event.data)", deep)).toBe(1);
  });

  test("an evaluation that was too costly leaves nothing behind for the next one", () => {
    const compiled = compileExpression(
      "event.data.list.exists(x, event.data.list.exists(y, y < 0))",
      {
        variables: VARIABLES,
      },
    );
    expect(() => compiled.evaluate(values(list))).toThrow(ExpressionError);
    expect(compiled.evaluate(values([1, -1]))).toBe(true);
    expect(compiled.evaluate(values([1, 2]))).toBe(false);
  });

  test("what people write stays far from the bounds", () => {
    const items = Array.from({ length: 1_000 }, (_, at) => ({ id: at, price: at * 2 }));
    const cheap =
      'event.data.items.filter(i, i.price < 100 && i.id % 2 == 0).map(i, "item-" + string(i.id))';
    expect(evaluate(cheap, { items })).toHaveLength(25);
  });
});
