import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CodecError } from "../../src/engine/payload-errors.ts";
import { InvalidOptionError } from "../../src/engine/usage-errors.ts";
import { aesGcmCodec } from "../../src/payloads/aes-gcm-codec.ts";
import type { Codec } from "../../src/payloads/codec.ts";

const january = randomBytes(32);
const february = randomBytes(32);
const before = aesGcmCodec({ keys: { "2026-01": january }, current: "2026-01" });
const after = aesGcmCodec({
  keys: { "2026-01": january.toString("base64"), "2026-02": february },
  current: "2026-02",
});

function make(keys: Record<string, Uint8Array | string>, current = "a"): Codec {
  return aesGcmCodec({ keys, current });
}

test("Whatever is encrypted is decrypted to the same bytes, and does not show in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
      const encrypted = await after.encode(bytes);
      expect(await after.decode(encrypted)).toEqual(bytes);
      const shows = Buffer.from(encrypted).includes(Buffer.from(bytes));
      expect(shows && bytes.length > 8).toBe(false);
    }),
  );
});

test("What is small is encrypted and decrypted at once, what is large piece by piece", async () => {
  const small = before.encode(randomBytes(100));
  expect(small).toBeInstanceOf(Uint8Array);
  expect(before.decode(small as Uint8Array)).toBeInstanceOf(Uint8Array);
  const large = randomBytes(5_000_001);
  const encrypting = before.encode(large);
  expect(encrypting).toBeInstanceOf(Promise);
  const decrypted = await before.decode(await encrypting);
  expect(Buffer.from(decrypted).equals(large)).toBe(true);
});

test("The same bytes never look the same twice", async () => {
  const bytes = randomBytes(64);
  const seen = new Set<string>();
  for (let at = 0; at < 100; at++)
    seen.add(Buffer.from(await before.encode(bytes)).toString("hex"));
  expect(seen.size).toBe(100);
});

test("After a rotation the old key still decrypts, and who lacks the new one says which it is", async () => {
  const old = await before.encode(randomBytes(10));
  expect(await after.decode(old)).toHaveLength(10);
  const recent = await after.encode(randomBytes(10));
  expect(() => before.decode(recent)).toThrow(CodecError);
  expect(() => before.decode(recent)).toThrow(/does not know key "2026-02"/);
});

test("A bit that is changed anywhere, or an end that is cut off, is found out", async () => {
  const encrypted = Buffer.from(await before.encode(randomBytes(40)));
  for (let at = 0; at < encrypted.length; at++) {
    const changed = Buffer.from(encrypted);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => before.decode(changed)).toThrow(CodecError);
  }
  for (let length = 0; length < encrypted.length; length++) {
    expect(() => before.decode(encrypted.subarray(0, length))).toThrow(CodecError);
  }
  const large = Buffer.from(await before.encode(randomBytes(2_000_000)));
  large[1_999_999] = (large[1_999_999] ?? 0) ^ 1;
  await expect(before.decode(large)).rejects.toThrow(/tampered with/);
});

test("A key of another length, an empty id, or a current key that is none of them is refused", () => {
  expect(() => make({ a: randomBytes(16) })).toThrow(InvalidOptionError);
  expect(() => make({ a: "c2hvcnQ=" })).toThrow(InvalidOptionError);
  expect(() => make({ "": january }, "")).toThrow(InvalidOptionError);
  expect(() => make({ a: january }, "b")).toThrow(InvalidOptionError);
});
