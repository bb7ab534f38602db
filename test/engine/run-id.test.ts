import fc from "fast-check";
import { expect, test } from "vitest";
import { isPrintable, isToken } from "../../src/engine/names.ts";
import { parseRunId, runRef, runRefOfTokens } from "../../src/engine/run-id.ts";
import { InvalidNameError } from "../../src/engine/usage-errors.ts";

test("a plain key stands in subjects as it is", () => {
  expect(runRef("checkout", "order-42")).toEqual({
    id: "checkout:order-42",
    flow: "checkout",
    key: "order-42",
    token: "order-42",
  });
});

test.each([
  ["user@example.com", "--user-40example-2ecom"],
  ["a.b", "--a-2eb"],
  ["..", "---2e-2e"],
  ["*", "---2a"],
  [">", "---3e"],
  ["a b", "--a-20b"],
  ["café", "--caf-c3-a9"],
  ["a:b", "--a-3ab"],
  ["--a", "---2d-2da"],
  ["-", "-"],
  ["-a-", "-a-"],
])("key %s stands in subjects as %s", (key, token) => {
  expect(runRef("f", key).token).toBe(token);
});

const anyKey = fc
  .string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((key) => isPrintable(key) && Buffer.byteLength(key) <= 128);

/** Keys near the border of the encoding, where two could meet. */
const trickyKey = fc
  .array(fc.constantFrom("-", "--", "2d", "2e", ".", "a", "A", "_", "é"), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

test("a key's token is safe in a subject and gives the key back", () => {
  fc.assert(
    fc.property(fc.oneof(anyKey, trickyKey), (key) => {
      const run = runRef("flow", key);
      expect(run.token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(runRefOfTokens("flow", run.token)).toEqual(run);
      expect(parseRunId(run.id)).toEqual(run);
    }),
  );
});

test("two keys never have the same token", () => {
  fc.assert(
    fc.property(trickyKey, trickyKey, (one, other) => {
      fc.pre(one !== other);
      expect(runRef("f", one).token).not.toBe(runRef("f", other).token);
    }),
    { numRuns: 2_000 },
  );
});

test("a token from a subject is refused or is the token of the key it gives", () => {
  const anyToken = fc.oneof(
    fc.string({ maxLength: 20 }),
    trickyKey,
    trickyKey.map((text) => `--${text}`),
  );
  fc.assert(
    fc.property(anyToken, (token) => {
      const run = runRefOfTokens("f", token);
      if (run === undefined) return;
      expect(runRef("f", run.key).token).toBe(token);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["a letter that needs no encoding", "---61"],
  ["upper-case hexadecimal", "---2E"],
  ["half an escape", "---2"],
  ["bytes that are not UTF-8", "---ff"],
  ["a control character", "---0a"],
  ["nothing encoded", "--"],
  ["a dot", "a.b"],
  ["a key that is too long", `---2e${"x".repeat(200)}`],
])("a token that no key encodes to is refused: %s", (_, token) => {
  expect(runRefOfTokens("f", token)).toBeUndefined();
});

test("a flow's name that is none gives no run", () => {
  expect(runRefOfTokens("a.b", "key")).toBeUndefined();
  expect(() => runRef("a:b", "key")).toThrow(InvalidNameError);
  expect(() => runRef("*", "key")).toThrow(InvalidNameError);
});

test.each([
  ["no key", ""],
  ["a line end", "a\r\nb"],
  ["a null", "\0"],
  ["half of a surrogate pair", "\ud800"],
  ["129 bytes", `${"x".repeat(128)}é`],
  ["10 KB", "x".repeat(10_240)],
  ["a number", 42 as never],
])("%s is refused as a key", (_, key) => {
  expect(() => runRef("f", key)).toThrow(InvalidNameError);
});

test("a key of exactly 128 bytes is accepted, in one script or another", () => {
  expect(runRef("f", "x".repeat(128)).key.length).toBe(128);
  expect(runRef("f", "é".repeat(64)).token.length).toBe(2 + 64 * 6);
});

test("a run id is split at its first colon", () => {
  expect(parseRunId("checkout:a:b")).toMatchObject({ flow: "checkout", key: "a:b" });
});

test.each(["", ":", "checkout", ":key", "checkout:", "a.b:key", undefined, 42])(
  "%s is not a run id",
  (id) => {
    expect(() => parseRunId(id as string)).toThrow(InvalidNameError);
  },
);

test("a flow and key that are tokens are never encoded", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "Z", "0", "_", "-"), minLength: 1 }),
      (key) => {
        fc.pre(isToken(key) && !key.startsWith("--"));
        expect(runRef("f", key).token).toBe(key);
      },
    ),
  );
});
