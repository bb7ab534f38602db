/** The file of a run in the archive is gone, damaged, or another one's: who needs it is told which, and the rest works. */
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readRunFile, writeRunFile } from "../../src/archive/run-file.ts";
import type { RunFileMessage } from "../../src/archive/run-file-format.ts";
import { ArchiveFileError, BlobStoreError, type RunHandle } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { openShop, paid, type Shop } from "./support/orders.ts";
import { worldOf } from "./support/world.ts";

interface Archived {
  readonly broker: MemoryBroker;
  readonly shop: Shop;
  readonly run: RunHandle;
  readonly key: string;
}

async function archived(): Promise<Archived> {
  const broker = new MemoryBroker();
  const shop = await openShop(worldOf(broker), { done: [], broken: false });
  const run = await shop.now.submit("order", { cart: 4 }, { key: "o1" });
  await run.signal(paid, 12);
  await run.result();
  await shop.later.archive.add(run.id);
  const key = (await run.state()).archived?.file.key ?? "";
  return { broker, shop, run, key };
}

test.each<[string, (broker: MemoryBroker, key: string) => void]>([
  ["is gone", (broker, key) => broker.blobs.lose(key)],
  ["holds something else", (broker, key) => broker.blobs.replace(key, gzipSync("something else"))],
])("a file that %s is named, and how the run ended is known all the same", async (_, damage) => {
  const { broker, run, shop, key } = await archived();
  damage(broker, key);
  const named = expect.objectContaining({ code: "ARCHIVE_FILE_ERROR", key, runId: run.id });
  await Promise.all([
    expect(run.details()).rejects.toEqual(named),
    expect(run.events().next()).rejects.toEqual(named),
    expect(run.events({ follow: true }).next()).rejects.toEqual(named),
    expect(shop.now.archive.get(run.id)).rejects.toEqual(named),
    expect(shop.now.archive.verify(run.id)).rejects.toEqual(named),
    expect(shop.now.archive.restore(run.id)).rejects.toEqual(named),
  ]);
  // The log has how it ended.
  expect(await run.result()).toMatchObject({ price: 12 });
  expect((await run.state()).archived?.file.key).toBe(key);
});

test("a store that is away is told as that, and the run is not taken for damaged", async () => {
  const { broker, run } = await archived();
  broker.blobs.outage = new Error("No route");
  await expect(run.details()).rejects.toThrow(BlobStoreError);
  broker.blobs.outage = undefined;
  expect((await run.details()).steps).toHaveLength(2);
});

test("a run is not archived while the store takes nothing, or gives back something else", async () => {
  const broker = new MemoryBroker();
  const shop = await openShop(worldOf(broker), { done: [], broken: false });
  const run = await shop.now.submit("order", { cart: 4 }, { key: "o1" });
  await run.signal(paid, 12);
  await run.result();
  broker.blobs.outage = new Error("No room");
  await expect(shop.later.archive.add(run.id)).rejects.toThrow(BlobStoreError);
  broker.blobs.outage = undefined;
  const put = broker.blobs.put.bind(broker.blobs);
  broker.blobs.put = async (blob) => {
    const key = await put(blob);
    broker.blobs.replace(key, new Uint8Array(blob.bytes.length));
    return key;
  };
  await expect(shop.later.archive.add(run.id)).rejects.toMatchObject({ code: "BLOB_DAMAGED" });
  expect((await run.state()).archived).toBeUndefined();
  expect((await run.details()).steps).toHaveLength(2);
});

const HEADER = {
  format: "millrace-run/1",
  namespace: "n",
  run: "a:b",
  flow: "a",
  key: "b",
  queue: "a",
  status: "completed",
  closedAt: "2026-01-01T00:00:00.000Z",
} as const;
const MESSAGE: RunFileMessage = {
  kind: "h",
  subject: "mr.n.0.h.a.b",
  sequence: 7,
  data: Uint8Array.of(0, 255, 10, 13),
};

test("a file of any bytes comes back as it was written, and the same run gives the same bytes", async () => {
  const data = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7) % 251);
  const messages = [MESSAGE, { ...MESSAGE, kind: "in", sequence: 8, data }] as const;
  const bytes = await writeRunFile(HEADER, messages);
  const { header, messages: read } = await readRunFile(bytes);
  expect(header).toEqual(HEADER);
  expect(read.map((one) => ({ ...one, data: Uint8Array.from(one.data) }))).toEqual(messages);
  expect(await writeRunFile(HEADER, messages)).toEqual(bytes);
});

test.each([
  ["is cut off", (text: string) => text.slice(0, -20)],
  ["lacks its last line", (text: string) => `${text.split("\n").slice(0, 2).join("\n")}\n`],
  ["lacks a message", (text: string) => text.replace(/^.*"kind".*\n/m, "")],
  ["has another byte", (text: string) => text.replace('"sequence":7', '"sequence":8')],
  ["goes on after its end", (text: string) => `${text}{}\n`],
  ["is of another format", (text: string) => text.replace("millrace-run/1", "millrace-run/2")],
  ["is no JSON", () => "hello\n"],
  ["is empty", () => ""],
])("a file that %s is refused", async (_, change) => {
  const bytes = await writeRunFile(HEADER, [MESSAGE]);
  const changed = gzipSync(change(gunzipSync(bytes).toString()));
  await expect(readRunFile(changed)).rejects.toBeInstanceOf(Error);
  await expect(readRunFile(changed.subarray(4))).rejects.toBeInstanceOf(Error);
});

test("an error of a file keeps its cause", async () => {
  const scene = await archived();
  scene.broker.blobs.lose(scene.key);
  const error = await scene.run.details().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ArchiveFileError);
  expect((error as ArchiveFileError).cause).toMatchObject({ code: "BLOB_MISSING" });
});
