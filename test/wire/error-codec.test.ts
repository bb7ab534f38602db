import fc from "fast-check";
import { expect, test } from "vitest";
import { FatalError, RetryAfter } from "../../src/engine/flow-errors.ts";
import { decodeError, encodeError } from "../../src/wire/error-codec.ts";

function throughStore(thrown: unknown): Error {
  return decodeError(encodeError(thrown));
}

class CardDeclined extends Error {
  override readonly name = "CardDeclined";
  readonly code = "card_declined";
  readonly card = { last4: "4242", tries: new Map([["a", 1n]]) };
}

test("name, message, stack and own data come back", () => {
  const thrown = new CardDeclined("No money");
  const error = throughStore(thrown);
  expect(error).toMatchObject({
    name: "CardDeclined",
    message: "No money",
    stack: thrown.stack,
    code: "card_declined",
    card: { last4: "4242", tries: new Map([["a", 1n]]) },
  });
  expect(error).toBeInstanceOf(Error);
});

test("only own data is enumerable, as on any error", () => {
  expect(Object.keys(throughStore(new CardDeclined("x", { cause: "y" })))).toEqual([
    "code",
    "card",
  ]);
});

test.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])(
  "a %o is one again",
  (Class) => {
    const error = throughStore(new Class("no"));
    expect(error).toBeInstanceOf(Class);
    expect(error.name).toBe(Class.name);
  },
);

test("a fatal error is one again, with its code and details", () => {
  const error = throughStore(new FatalError("NO_STOCK", "Sold out", { sku: 7 }));
  expect(error).toBeInstanceOf(FatalError);
  expect(error).toMatchObject({
    name: "FatalError",
    code: "NO_STOCK",
    message: "Sold out",
    details: { sku: 7 },
    fatal: true,
  });
});

test("a name that a retry asks for keeps its data", () => {
  expect(throughStore(new RetryAfter("5s"))).toMatchObject({ code: "RETRY_AFTER", delayMs: 5_000 });
});

test("causes come back, down the chain, even when the last one is no error", () => {
  const thrown = new Error("a", { cause: new TypeError("b", { cause: "why" }) });
  const error = throughStore(thrown);
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(error.cause).toMatchObject({ message: "b", cause: { message: "Thrown: why" } });
});

test("an aggregate error comes back with its errors", () => {
  const error = throughStore(new AggregateError([new TypeError("a"), "b"], "all"));
  expect(error).toBeInstanceOf(AggregateError);
  expect(error).toMatchObject({
    message: "all",
    errors: [{ name: "TypeError", message: "a" }, { message: "Thrown: b" }],
  });
});

test.each<[string, unknown, string]>([
  ["text", "no", "Thrown: no"],
  ["a number", 42, "Thrown: 42"],
  ["nothing", undefined, "Thrown: undefined"],
  ["null", null, "Thrown: null"],
  ["an object", { a: 1 }, 'Thrown: {"a":1}'],
  ["a BigInt", 5n, "Thrown: 5"],
  ["a symbol", Symbol("s"), "Thrown: Symbol(s)"],
  ["an object that has no text", Object.create(null), "Thrown: {}"],
  ["an object whose JSON throws", { toJSON: () => boom() }, "Thrown: [object Object]"],
  [
    "an object that nothing can be learned of",
    { toJSON: () => boom(), toString: () => boom() },
    "Thrown: object",
  ],
])("%s that is thrown becomes an error that tells it", (_, thrown, message) => {
  expect(throughStore(thrown)).toMatchObject({ name: "Error", message });
});

function boom(): never {
  throw new Error("a getter threw");
}

function withGetter(property: string): Error {
  return Object.defineProperty(new Error("kept"), property, { get: boom, enumerable: true });
}

test.each(["name", "stack", "cause", "code"])("a getter for %s that throws is left out", (name) => {
  expect(throughStore(withGetter(name))).toMatchObject({ message: "kept" });
});

test.each<[string, () => unknown]>([
  ["a message that throws", () => withGetter("message")],
  ["a name without text", () => Object.assign(new Error("x"), { name: Object.create(null) })],
  ["a message that is a symbol", () => Object.assign(new Error("x"), { message: Symbol("a") })],
  ["errors that are no list", () => Object.assign(new AggregateError([], "x"), { errors: 5 })],
  [
    "errors that throw",
    () => Object.defineProperty(new AggregateError([]), "errors", { get: boom }),
  ],
  ["keys that throw", () => new Proxy(new Error("x"), { ownKeys: boom })],
  ["a proxy that was revoked", revoked],
  ["a foreign constructor", () => Object.assign(new Error("x"), { constructor: undefined })],
])("an error with %s is recorded all the same", (_, make) => {
  expect(throughStore(make())).toBeInstanceOf(Error);
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
  revoke();
  return proxy;
}

test("own data that cannot be stored is left out, and the rest is kept", () => {
  const thrown = Object.assign(new Error("x"), { request: () => 1, status: 503 });
  expect(Object.entries(throughStore(thrown))).toEqual([["status", 503]]);
});

test("a circular cause ends after a few turns", () => {
  const thrown = new Error("round");
  thrown.cause = thrown;
  let depth = 0;
  for (let at: unknown = throughStore(thrown); at instanceof Error; at = at.cause) depth++;
  expect(depth).toBeGreaterThan(1);
  expect(depth).toBeLessThan(20);
});

test("a huge message is cut, and says so", () => {
  const error = throughStore(new Error("x".repeat(10_000_000)));
  expect(error.message.length).toBeLessThan(10_000);
  expect(error.message).toMatch(/… \(cut\)$/);
});

test.each<[string, () => unknown]>([
  ["huge texts in every part", hugeError],
  ["a long chain of causes", () => causes(1_000)],
  ["wide and deep aggregates", () => aggregate(5)],
  ["aggregates of themselves", aggregateOfItself],
  ["control characters, which take six bytes each", () => new Error("\u0001".repeat(100_000))],
  ["much own data", () => Object.assign(new Error("x"), { a: "\\".repeat(10_000_000) })],
])("an error with %s fits in a message", (_, make) => {
  const payload = encodeError(make());
  // The smallest max_payload that is the server's default is 1 MiB; a frame takes a part of it.
  expect(payload.data.length).toBeLessThan(512 * 1024);
  expect(decodeError(payload)).toBeInstanceOf(Error);
});

function hugeError(): Error {
  const text = "漢".repeat(1_000_000);
  return Object.assign(new Error(text, { cause: text }), { name: text, stack: text, data: text });
}

function causes(count: number): Error {
  let error = new Error("first");
  for (let at = 0; at < count; at++) error = new Error("漢".repeat(10_000), { cause: error });
  return error;
}

function aggregate(depth: number): Error {
  if (depth === 0) return new Error("漢".repeat(10_000));
  return new AggregateError(Array.from({ length: 8 }, () => aggregate(depth - 1)));
}

function aggregateOfItself(): Error {
  const error = new AggregateError([], "round");
  error.errors.push(error, error);
  error.cause = error;
  return error;
}

test("what cannot be read is told as an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (data) => {
      expect(decodeError({ encoding: "error", data })).toBeInstanceOf(Error);
    }),
  );
  for (const text of ["null", "1", "[]", '{"cause":1}', '{"errors":1}', '{"data":[1]}']) {
    const data = new TextEncoder().encode(text);
    expect(decodeError({ encoding: "error", data })).toBeInstanceOf(Error);
  }
});

test("recorded data cannot change an error's prototype", () => {
  const record = { name: "Error", message: "x", data: [["__proto__", "json", '{"a":1}']] };
  const error = decodeError({
    encoding: "error",
    data: new TextEncoder().encode(JSON.stringify(record)),
  });
  expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
});

test("anything at all that is thrown is recorded as an error", () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(throughStore(thrown)).toBeInstanceOf(Error);
    }),
  );
});

test.for([8_000, 60_000, 1_000_000])(
  "the worst error that can be thrown fits in %i bytes where a message may have no more",
  (limitBytes) => {
    const ugly = "\u0000".repeat(20_000);
    const worst = (depth: number): Error =>
      Object.assign(
        new AggregateError(
          Array.from({ length: 20 }, () => new Error(ugly)),
          ugly,
        ),
        {
          cause: depth === 0 ? undefined : worst(depth - 1),
          [ugly.slice(0, 500)]: ugly,
          stack: ugly,
          name: ugly,
        },
      );
    expect(encodeError(worst(8), limitBytes).data.length).toBeLessThanOrEqual(limitBytes);
    expect(decodeError(encodeError(new Error("short"), limitBytes)).message).toBe("short");
  },
);
