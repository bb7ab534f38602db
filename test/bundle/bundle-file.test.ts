/** A run as a file: what is read is what was recorded, byte for byte, and nothing else is read as one. */
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { readRecordedRun } from "../../src/client/recorded-runs.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { openShop, paid } from "../archive/support/orders.ts";
import { worldOf } from "../archive/support/world.ts";
import { bytesOf } from "./support/bytes-of.ts";

test("a bundle has what is recorded of a run, wherever it was read, and is the same bytes each time", async () => {
  const shop = await openShop(worldOf(new MemoryBroker()), { done: [], broken: false });
  const run = await shop.now.submit("order", { cart: 4 }, { key: "o1", tags: ["a"] });
  await run.signal(paid, 12);
  await run.result();
  const { host } = shop.later;
  const live = await readRecordedRun(host, parseRunId(run.id));
  if (live === undefined) throw new Error("no run");
  const bytes = await writeBundle({ namespace: "test", ...live });
  const read = await readBundle(bytes);

  expect(bytesOf(read.stored)).toEqual(bytesOf(live.stored));
  expect(read.frames).toEqual(live.frames);
  expect(read.submission).toEqual(live.submission);
  expect(read).toMatchObject({ namespace: "test", redacted: [], decrypted: false, blobs: [] });
  expect(await writeBundle(read)).toEqual(bytes);

  await shop.later.archive.add(run.id);
  const archived = await readRecordedRun(host, parseRunId(run.id));
  if (archived === undefined) throw new Error("no run");
  expect(await writeBundle({ namespace: "test", ...archived })).toEqual(bytes);
  // The archive's own file is read as one too.
  expect((await readBundle(await shop.later.archive.get(run.id))).frames).toEqual(live.frames);

  const [header] = gunzipSync(bytes).toString().split("\n");
  expect(JSON.parse(header ?? "")).toMatchObject({ format: "millrace-run/2", run: run.id });
});
