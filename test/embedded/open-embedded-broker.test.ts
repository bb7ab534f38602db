import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type EmbeddedBroker,
  findEmbeddedBroker,
  type OpenEmbeddedBrokerOptions,
  openEmbeddedBroker,
} from "../../src/embedded/open-embedded-broker.ts";
import { readServerInfo } from "../../src/embedded/read-server-info.ts";
import { spawnFixture } from "./support/spawn-fixture.ts";
import { tempDir } from "./support/temp-dir.ts";

async function open(options: OpenEmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const broker = await openEmbeddedBroker(options);
  onTestFinished(async () => broker.stop());
  return broker;
}

test("brokers opened at once in one folder are one broker, and one of them owns it", async () => {
  const dir = await tempDir();
  const brokers = await Promise.all([1, 2, 3, 4].map(async () => open({ dir })));
  expect(new Set(brokers.map(({ url }) => url)).size).toBe(1);
  expect(brokers.filter(({ owned }) => owned).length).toBe(1);
});

test("two processes that open at once share one broker, and it ends with its owner", async () => {
  const dir = await tempDir();
  const processes = [spawnFixture("hold-broker.ts", dir), spawnFixture("hold-broker.ts", dir)];
  const opened = await Promise.all(
    processes.map(async (fixture) => ({
      fixture,
      ...(await fixture.nextReport()),
    })),
  );
  const [owner, ...others] = opened.toSorted((a, b) => Number(b.owned) - Number(a.owned));
  const joined = others[0];
  if (owner === undefined || joined === undefined) throw new Error("two were started");
  expect([owner.owned, joined.owned]).toEqual([true, false]);
  expect(joined.port).toBe(owner.port);

  joined.fixture.child.kill("SIGKILL");
  await joined.fixture.exited();
  expect((await readServerInfo("127.0.0.1", owner.port, 30_000)).jetStream).toBe(true);

  owner.fixture.child.kill("SIGKILL");
  await owner.fixture.exited();
  await vi.waitUntil(() => isGone(owner.port), { timeout: 60_000 });
  // Its file is still there, and says that a broker runs.
  const next = await open({ dir });
  expect(next).toMatchObject({ owned: true, port: owner.port });
});

/** A server whose owner was killed is ended by its watcher, a moment later. */
async function isGone(port: number): Promise<boolean> {
  return readServerInfo("127.0.0.1", port, 30_000).then(
    () => false,
    () => true,
  );
}

test("stopping a broker that was joined leaves it running", async () => {
  const dir = await tempDir();
  const owner = await open({ dir });
  const joined = await open({ dir });
  expect(joined.owned).toBe(false);
  await joined.stop();
  expect((await readServerInfo("127.0.0.1", owner.port, 30_000)).jetStream).toBe(true);
});

test("a broker comes back on the port that it had", async () => {
  const dir = await tempDir();
  const first = await open({ dir });
  await first.stop();
  expect(await open({ dir })).toMatchObject({ owned: true, url: first.url });
});

test("when another program has taken that port, the broker takes a free one", async () => {
  const dir = await tempDir();
  const first = await open({ dir });
  await first.stop();
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => {
    other.listen(first.port, "127.0.0.1", resolve);
  });
  onTestFinished(() => void other.close());
  const second = await open({ dir });
  expect(second.owned).toBe(true);
  expect(second.port).not.toBe(first.port);
});

test("another nats-server on the recorded port is not taken for the broker", async () => {
  const [dir, elsewhere] = [await tempDir(), await tempDir()];
  const first = await open({ dir });
  await first.stop();
  const other = await open({ dir: elsewhere, port: first.port });
  const second = await open({ dir });
  expect(second.owned).toBe(true);
  expect(second.port).not.toBe(other.port);
});

test("a broker.json that is not JSON is replaced", async () => {
  const dir = await tempDir();
  const first = await open({ dir });
  await first.stop();
  await writeFile(join(first.storeDir, "broker.json"), '{"pid": 12');
  const second = await open({ dir });
  expect(second.owned).toBe(true);
  expect(JSON.parse(await readFile(join(dir, ".millrace/nats/broker.json"), "utf8"))).toMatchObject(
    { url: second.url },
  );
});

test("git ignores the broker's folder", async () => {
  const dir = await tempDir();
  await open({ dir });
  expect(await readFile(join(dir, ".millrace/.gitignore"), "utf8")).toBe("*\n");
});

test("the broker of a folder is found while it runs, and only then", async () => {
  const dir = await tempDir();
  expect(await findEmbeddedBroker(dir)).toBeUndefined();
  const broker = await open({ dir });
  const { url, port, storeDir } = broker;
  expect(await findEmbeddedBroker(dir)).toEqual({ url, port, storeDir });
  await broker.stop();
  expect(await findEmbeddedBroker(dir)).toBeUndefined();
});
