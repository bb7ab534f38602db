import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BlobStoreError } from "../../src/engine/payload-errors.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import { BLOB_STORES, type BlobStoreWorld } from "./support/blob-stores.ts";

async function put(store: BlobStore, bytes: Uint8Array): Promise<string> {
  return store.put({ bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
}

async function get(store: BlobStore, key: string): Promise<Buffer | undefined> {
  const pieces = await store.get(key);
  if (pieces === undefined) return undefined;
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe.each(BLOB_STORES)("the blob store $name", (adapter) => {
  let world: BlobStoreWorld;
  beforeAll(async () => {
    world = await adapter.start();
  });
  afterAll(async () => world?.stop());

  test.each([0, 1, 131_072, 131_073, 5_242_880, 12_000_001])(
    "gives %i bytes back as they were put, to another process",
    async (size) => {
      const bytes = randomBytes(size);
      const key = await put(await world.open(), bytes);
      const found = await get(await world.open(), key);
      expect(found?.equals(bytes)).toBe(true);
    },
  );

  test("gives the same key for the same bytes, however many put them at once", async () => {
    const bytes = randomBytes(300_000);
    const stores = [await world.open(), await world.open()];
    const puts = Array.from({ length: 6 }, (_, at) => put(stores[at % 2] as BlobStore, bytes));
    const keys = new Set(await Promise.all(puts));
    expect(keys.size).toBe(1);
    const [key = ""] = keys;
    expect((await get(await world.open(), key))?.equals(bytes)).toBe(true);
    expect(await put(await world.open(), bytes)).toBe(key);
  });

  test("keeps blobs apart that are read at the same time", async () => {
    const store = await world.open();
    const blobs = Array.from({ length: 5 }, () => randomBytes(400_000));
    const keys = await Promise.all(blobs.map((bytes) => put(store, bytes)));
    const found = await Promise.all(keys.map((key) => get(store, key)));
    expect(found.map((bytes, at) => bytes?.equals(blobs[at] as Buffer))).toEqual(
      blobs.map(() => true),
    );
  });

  test("gives nothing for a key that it does not have", async () => {
    const store = await world.open();
    expect(await store.get("0".repeat(64))).toBeUndefined();
  });

  test("lets a reader stop in the middle, and goes on serving others", async () => {
    const store = await world.open();
    const bytes = randomBytes(3_000_000);
    const key = await put(store, bytes);
    for await (const piece of (await store.get(key)) ?? []) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect((await get(store, key))?.equals(bytes)).toBe(true);
  });

  test("says with a BlobStoreError that it is away, and has everything when it is back (I9)", async () => {
    const store = await world.open();
    const bytes = randomBytes(600_000);
    const key = await put(store, bytes);
    await world.breakDown();
    await expect(put(store, randomBytes(10))).rejects.toThrow(BlobStoreError);
    await expect(get(store, key)).rejects.toThrow(BlobStoreError);
    await world.bringUp();
    const found = await vi.waitFor(() => get(store, key), { timeout: 60_000, interval: 50 });
    expect(found?.equals(bytes)).toBe(true);
  });

  test("shows nothing of a blob whose put was cut off", async () => {
    const store = await world.open();
    const bytes = randomBytes(24_000_000);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = await put(store, randomBytes(1));
    const putting = store.put({ bytes, sha256 }).then(
      () => "stored",
      () => "refused",
    );
    await world.breakDown();
    const outcome = await putting;
    await world.bringUp();
    await vi.waitFor(() => get(store, known), { timeout: 60_000, interval: 50 });
    // The key of a known blob tells where this one would be.
    const key = known.replace(/[0-9a-f]{64}$/, sha256);
    const found = await get(store, key);
    const isWhole = found?.equals(bytes) === true;
    expect(isWhole || (found === undefined && outcome === "refused")).toBe(true);
  });
});
