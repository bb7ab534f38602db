import fc from "fast-check";
import { expect, test } from "vitest";
import { NotSerializableError } from "../../src/engine/flow-errors.ts";
import { decodeValue, encodeValue } from "../../src/wire/value-codec.ts";

function throughStore(value: unknown): unknown {
  return decodeValue(encodeValue(value, "It"));
}

test("plain JSON is stored as plain JSON, readable by anybody", () => {
  const value = { a: [1, "é", null, true, { b: [] }] };
  const payload = encodeValue(value, "It");
  expect(payload.encoding).toBe("json");
  expect(JSON.parse(new TextDecoder().decode(payload.data))).toEqual(value);
});

test("every JSON value without a __proto__ key comes back as it was", () => {
  const anyJson = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
  fc.assert(
    fc.property(anyJson, (value) => {
      expect(throughStore(value)).toStrictEqual(value);
    }),
    { numRuns: 500 },
  );
});

test("values that JSON would change come back as they were", () => {
  const anyRich = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withNullPrototype: false,
  });
  fc.assert(
    fc.property(anyRich.filter(isStorable), (value) => {
      expect(throughStore(value)).toStrictEqual(value);
    }),
    { numRuns: 1_000 },
  );
});

test.each<[string, unknown, string]>([
  ["undefined", undefined, "undefined"],
  ["a Date", new Date("2026-01-02T03:04:05.678Z"), "devalue"],
  ["an invalid Date", new Date(Number.NaN), "devalue"],
  ["a Map of a Set", new Map([["a", new Set([1, 2])]]), "devalue"],
  ["a BigInt", 2n ** 80n, "devalue"],
  ["NaN", Number.NaN, "devalue"],
  ["infinity", Number.NEGATIVE_INFINITY, "devalue"],
  ["minus zero", -0, "devalue"],
  ["minus zero inside", [{ a: -0 }], "devalue"],
  ["an undefined property", { a: undefined }, "devalue"],
  ["an undefined element", [undefined], "devalue"],
  ["bytes", new Uint8Array([0, 255, 128]), "binary"],
  ["bytes inside", { a: new Uint8Array([1, 2]) }, "devalue"],
  ["text with half of a surrogate pair", "a\ud800", "json"],
  ["text with a byte order mark", "\ufeffa", "json"],
  ["null", null, "json"],
  ["an empty text", "", "json"],
  ["zero", 0, "json"],
])("%s comes back exactly", (_, value, encoding) => {
  const payload = encodeValue(value, "It");
  expect(payload.encoding).toBe(encoding);
  expect(decodeValue(payload)).toStrictEqual(value);
});

test("bytes come back as plain bytes, not as a window on the message they came in", () => {
  const message = Buffer.from([1, 2, 3, 4]);
  const back = decodeValue({ encoding: "binary", data: message.subarray(1, 3) });
  expect(back).toStrictEqual(new Uint8Array([2, 3]));
  message[1] = 99;
  expect(back).toStrictEqual(new Uint8Array([2, 3]));
});

test("bytes that change after they were given away are stored as they were", () => {
  const bytes = Buffer.from([1, 2]);
  const payload = encodeValue(bytes, "It");
  bytes[0] = 99;
  expect(decodeValue(payload)).toStrictEqual(new Uint8Array([1, 2]));
});

test("a hole in an array stays a hole", () => {
  const sparse: number[] = [];
  sparse[2] = 3;
  const back = throughStore(sparse) as number[];
  expect(back).toStrictEqual(sparse);
  expect(0 in back).toBe(false);
});

test("a cycle comes back as one", () => {
  const ring: { self?: unknown; list: unknown[] } = { list: [] };
  ring.self = ring;
  ring.list.push(ring);
  const back = throughStore(ring) as typeof ring;
  expect(back.self).toBe(back);
  expect(back.list[0]).toBe(back);
});

test("nesting deeper than what is looked through comes back too", () => {
  let nested: unknown = { leaf: true };
  for (let depth = 0; depth < 500; depth++) nested = [nested];
  expect(throughStore(nested)).toStrictEqual(nested);
});

class Money {
  readonly cents = 5;
}

test.each<[string, unknown, string, RegExp]>([
  ["a function", () => 1, "the value itself", /is a function/],
  ["a function inside", { a: [{ b: () => 1 }] }, "value.a[0].b", /is a function/],
  ["an instance of a class", { price: new Money() }, "value.price", /instance of a class/],
  ["an error", [new Error("x")], "value[0]", /instance of a class/],
  ["a symbol", Symbol("a"), "the value itself", /is a symbol/],
  ["a symbol inside", { a: [Symbol("a")] }, "value.a[0]", /is a symbol/],
  ["a symbol as key", { a: { [Symbol("b")]: 1 } }, "value.a", /symbol keys/],
  ["a promise", { a: Promise.resolve() }, "value.a", /Promise/],
  ["a weak map", { a: new WeakMap() }, "value.a", /instance of a class/],
  ["something that writes its own JSON", { a: { toJSON: () => 1 } }, "value.a.toJSON", /function/],
  ["a function in a map", new Map([["k", () => 1]]), 'value.get("k")', /is a function/],
  ["a __proto__ key", JSON.parse('{"a":{"__proto__":1}}'), "value.a", /__proto__/],
  ["a key with a dot", { "a.b": () => 1 }, 'value["a.b"]', /is a function/],
])("%s is refused, with the path to it", (_, value, path, message) => {
  const error = refusal(value);
  expect(error).toMatchObject({ code: "NOT_SERIALIZABLE", path });
  expect(error.message).toMatch(message);
  expect(error.message).toContain("The output of step a#1 cannot be stored");
});

test("a property that throws when it is read makes the value one that cannot be stored", () => {
  const trap = {
    get boom() {
      throw new Error("read me not");
    },
  };
  expect(refusal(trap).message).toMatch(/read me not/);
});

test("nesting without end is refused, and does not end the process", () => {
  let nested: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) nested = [nested];
  expect(refusal(nested).message).toMatch(/not storable/);
});

test.each([
  ["an encoding that is not known", "gzip", "x"],
  ["damaged JSON", "json", "{"],
  ["damaged devalue", "devalue", "[[1"],
  ["devalue that points nowhere", "devalue", "[[99]]"],
])("%s is an error when it is read, not a wrong value", (_, encoding, text) => {
  expect(() => decodeValue({ encoding, data: new TextEncoder().encode(text) })).toThrow(Error);
});

test("stored bytes cannot reach a prototype, in any encoding", () => {
  const texts = ['{"__proto__":{"polluted":1}}', '[{"__proto__":1},{"polluted":2},1]'];
  for (const encoding of ["json", "devalue"]) {
    for (const text of texts) {
      try {
        decodeValue({ encoding, data: new TextEncoder().encode(text) });
      } catch {
        continue; // Refused is as good.
      }
    }
  }
  expect("polluted" in {}).toBe(false);
});

function refusal(value: unknown): NotSerializableError {
  try {
    encodeValue(value, "The output of step a#1");
  } catch (error) {
    if (error instanceof NotSerializableError) return error;
    throw error;
  }
  throw new Error("It was stored.");
}

/** `anything` also makes keys and functions that are refused on purpose; those have tests of their own. */
function isStorable(value: unknown): boolean {
  try {
    encodeValue(value, "It");
    return true;
  } catch {
    return false;
  }
}
