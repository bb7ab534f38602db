import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../src/engine/flow-errors.ts";
import type { Payload, PlainPayload } from "../../src/engine/payload.ts";
import {
  BlobDamagedError,
  BlobMissingError,
  BlobStoreError,
  CodecError,
  PayloadUnreadableError,
} from "../../src/engine/payload-errors.ts";
import { InvalidOptionError } from "../../src/engine/usage-errors.ts";
import type { Codec } from "../../src/payloads/codec.ts";
import { type PayloadOptions, Payloads } from "../../src/payloads/payloads.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBlobStore } from "../../src/testing/memory-blob-store.ts";
import { decodeValue, encodeValue } from "../../src/wire/value-codec.ts";

const SMALL = encodeValue("small", "It");
const LARGE = encodeValue(new Uint8Array(300_000).fill(7), "It");

function bytesOf(size: number): PlainPayload {
  return { encoding: "binary", data: new Uint8Array(size) };
}

async function isInline(payloads: Payloads, size: number): Promise<boolean> {
  return (await payloads.seal(bytesOf(size), "It")).blob === undefined;
}

function isLarge(value: unknown): boolean {
  return value instanceof Uint8Array && Buffer.from(value).equals(LARGE.data);
}

function stage(options: PayloadOptions = {}) {
  const store = new MemoryBlobStore();
  const clock = new ManualClock();
  const broker = { blobs: store, log: { maxMessageBytes: 1_048_576 } };
  const open = (others: PayloadOptions = options): Payloads => new Payloads(broker, clock, others);
  return { store, clock, open, payloads: open() };
}

async function blobOf(payloads: Payloads, payload: PlainPayload = LARGE) {
  const sealed = await payloads.seal(payload, "It");
  if (sealed.blob === undefined) throw new Error("It is inline");
  return { sealed, ref: sealed.blob };
}

const invert = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
const flip: Codec = { name: "flip", encode: invert, decode: invert };

test("A small payload without a codec is given back itself, at once, both ways", () => {
  const { payloads, store } = stage();
  expect(payloads.seal(SMALL, "It")).toBe(SMALL);
  expect(payloads.open(SMALL)).toBe(SMALL);
  expect(store.puts).toBe(0);
});

test("A large payload is in the store before seal resolves, and another process opens it (I9)", async () => {
  const { payloads, store, open } = stage();
  const { sealed, ref } = await blobOf(payloads);
  expect(store.keys).toEqual([ref.key]);
  expect(ref).toMatchObject({ store: "memory", size: 300_000 });
  expect(sealed).not.toHaveProperty("data");
  expect(isLarge(decodeValue(await open().open(sealed)))).toBe(true);
});

test("What was sealed here is not fetched again", async () => {
  const { payloads, store } = stage();
  const { sealed, ref } = await blobOf(payloads);
  store.lose(ref.key);
  expect(payloads.open(sealed)).toBe(LARGE);
});

test("The threshold decides, and is never more than three quarters of a message", async () => {
  const { open } = stage();
  expect(await isInline(open(), 131_072)).toBe(true);
  expect(await isInline(open(), 131_073)).toBe(false);
  expect(await isInline(open({ blobThresholdBytes: 10 }), 11)).toBe(false);
  const most = open({ blobThresholdBytes: 10_000_000 });
  expect(await isInline(most, 786_432)).toBe(true);
  expect(await isInline(most, 786_433)).toBe(false);
  expect(() => open({ blobThresholdBytes: -1 })).toThrow(InvalidOptionError);
});

test("Without a store a payload is too large only when it does not fit in a message", async () => {
  const { payloads } = stage({ blobs: "none" });
  expect(payloads.seal(LARGE, "It")).toBe(LARGE);
  const huge = { encoding: "binary", data: new Uint8Array(1_000_000) };
  await expect(payloads.seal(huge, "The output of x")).rejects.toThrow(PayloadTooLargeError);
  await expect(payloads.seal(huge, "The output of x")).rejects.toThrow(/The output of x takes/);
});

test("A store that is away for a moment is asked again, and one that stays away is named", async () => {
  const { payloads, store, clock } = stage();
  store.outage = new Error("Down");
  clock.after(100, () => {
    store.outage = undefined;
  });
  await clock.until(blobOf(payloads));
  expect(store.puts).toBe(3);
  store.outage = new Error("Down for good");
  const refused = clock.until(
    blobOf(payloads, { encoding: "binary", data: new Uint8Array(200_000) }).catch(
      (error: unknown) => error,
    ),
  );
  const error = await refused;
  expect(error).toBeInstanceOf(BlobStoreError);
  expect(error).toMatchObject({ code: "BLOB_STORE_ERROR", store: "memory" });
});

test("A blob that is lost, cut off, too long or changed is told as such, with its key", async () => {
  const { payloads, store, open, clock } = stage();
  const { sealed, ref } = await blobOf(payloads);
  const reading = (): Promise<unknown> =>
    clock.until(
      Promise.resolve(open().open(sealed)).then(
        () => "read",
        (error: unknown) => error,
      ),
    );
  for (const damaged of [
    LARGE.data.subarray(1),
    new Uint8Array(300_001),
    new Uint8Array(300_000),
  ]) {
    store.replace(ref.key, damaged);
    const error = await reading();
    expect(error).toBeInstanceOf(BlobDamagedError);
    expect((error as Error).message).toContain(ref.key);
  }
  store.lose(ref.key);
  const error = await reading();
  expect(error).toBeInstanceOf(BlobMissingError);
  expect(error).toMatchObject({ code: "BLOB_MISSING", key: ref.key });
  store.replace(ref.key, LARGE.data);
  expect(await reading()).toBe("read");
});

test("A reference that cannot be one is damage, not an allocation", async () => {
  const { payloads, clock } = stage();
  for (const size of [-1, 1.5, 2 ** 52]) {
    const sealed: Payload = {
      encoding: "binary",
      blob: { store: "memory", key: "k", sha256: "", size },
    };
    const opened = Promise.resolve(payloads.open(sealed)).catch((error: unknown) => error);
    expect(await clock.until(opened)).toBeInstanceOf(BlobDamagedError);
  }
});

test("A codec wraps what is small and what is large, and a process without it says which one it needs", async () => {
  const { payloads, store, open } = stage({ codec: flip });
  const small = payloads.seal(SMALL, "It");
  expect(small).toMatchObject({ codec: "flip", encoding: "json" });
  const { sealed, ref } = await blobOf(payloads);
  expect(sealed).toMatchObject({ codec: "flip" });
  const pieces = await store.get(ref.key);
  for await (const piece of pieces ?? []) expect(piece[0]).toBe(7 ^ 0xff);
  const other = open();
  expect(decodeValue(await other.open(await small))).toBe("small");
  expect(isLarge(decodeValue(await other.open(sealed)))).toBe(true);
  const without = open({});
  expect(() => without.open(small as Payload)).toThrow(PayloadUnreadableError);
  await expect(without.open(sealed)).rejects.toThrow(
    /codec flip, which this process does not know/,
  );
});

test("A codec that was in use before is still read, and so is what no codec wrapped", async () => {
  const { payloads, open } = stage({ codec: flip });
  const former = await payloads.seal(SMALL, "It");
  const next = open({ codec: { ...flip, name: "next" }, formerCodecs: [flip] });
  expect(decodeValue(await next.open(former))).toBe("small");
  expect(next.open(SMALL)).toBe(SMALL);
  expect(await next.seal(SMALL, "It")).toMatchObject({ codec: "next" });
});

test("A store that was in use before is still read, and the broker's own always is", async () => {
  const { payloads, open } = stage();
  const { sealed } = await blobOf(payloads);
  const blobs = new MemoryBlobStore("archive");
  const next = open({ blobs });
  const { sealed: later, ref } = await blobOf(next);
  expect(ref.store).toBe("archive");
  expect(isLarge(decodeValue(await next.open(sealed)))).toBe(true);
  const last = open({ formerBlobs: [blobs] });
  expect(isLarge(decodeValue(await last.open(later)))).toBe(true);
  await expect(open().open(later)).rejects.toThrow(
    /store archive, which this process does not know/,
  );
  expect(() => open({ blobs: new MemoryBlobStore("memory") })).toThrow(InvalidOptionError);
});

test("A codec that throws, at once or later, is named as the one that failed", async () => {
  const cause = new Error("No key");
  const fail = (): never => {
    throw cause;
  };
  const now = stage({ codec: { ...flip, encode: fail, decode: fail } }).payloads;
  const later = stage({ codec: { ...flip, encode: async () => fail(), decode: invert } });
  expect(() => now.seal(SMALL, "The output of x")).toThrow(CodecError);
  expect(() => now.seal(SMALL, "The output of x")).toThrow(/flip could not encode The output of x/);
  await expect(later.payloads.seal(SMALL, "It")).rejects.toMatchObject({
    code: "CODEC_ERROR",
    cause,
  });
  const coded: Payload = { encoding: "json", codec: "flip", data: new Uint8Array(1) };
  expect(() => now.open(coded)).toThrow(/flip could not decode a payload/);
});

test("A large payload lets others have their turn while it is sealed and opened", async () => {
  const { payloads, open } = stage();
  const large = { encoding: "binary", data: new Uint8Array(32_000_000) };
  let turns = 0;
  const tick = (): void => {
    turns++;
    if (turns < 1_000) setImmediate(tick);
  };
  setImmediate(tick);
  const sealing = Promise.resolve(payloads.seal(large, "It"));
  const turnsWhile = async (work: Promise<unknown>): Promise<number> => {
    const before = turns;
    await work;
    return turns - before;
  };
  expect(await turnsWhile(sealing)).toBeGreaterThan(20);
  const opening = Promise.resolve(open().open(await sealing));
  expect(await turnsWhile(opening)).toBeGreaterThan(20);
});
