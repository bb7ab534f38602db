/** Single messages, read from the stream's leader. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, createInbox } from "@nats-io/transport-node";
import { expect, onTestFinished, test, vi } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { ConnectionClosedError } from "../../src/engine/usage-errors.ts";
import { LeaderReads } from "../../src/jetstream/leader-reads.ts";
import { Mux } from "../../src/jetstream/mux.ts";

async function open() {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-reads-"));
  onTestFinished(() => rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 }));
  const server = await startNatsServer({ storeDir });
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "S", subjects: ["s"] });
  await connection.request("s", "stored");
  const reads = new LeaderReads(connection, new Mux(connection, createInbox()));
  onTestFinished(() => reads.close());
  return { reads, server, asked: vi.spyOn(connection, "publish") };
}

const FIRST = { seq: 1 };

test("however many are wanted at once, the server is asked for a few at a time, and all come", async () => {
  const { reads, asked } = await open();
  const wanted = Array.from({ length: 1_000 }, () => reads.get("S", FIRST));
  expect(asked).toHaveBeenCalledTimes(64);
  const found = await Promise.all(wanted);
  expect(asked).toHaveBeenCalledTimes(1_000);
  expect(new Set(found.map((message) => message?.seq))).toEqual(new Set([1]));
});

test("those that wait for their turn when it is closed are told so, and nobody is asked", async () => {
  const { reads, asked } = await open();
  const wanted = Array.from({ length: 200 }, () => reads.get("S", FIRST));
  const ends = Promise.allSettled(wanted);
  reads.close();
  for (const end of await ends) {
    expect(end).toMatchObject({ status: "rejected", reason: expect.any(ConnectionClosedError) });
  }
  expect(asked).toHaveBeenCalledTimes(64);
});

test("what cannot be asked because nothing is answered fails in its time, and the server is not asked for it", async () => {
  const { reads, asked, server } = await open();
  process.kill(server.pid, "SIGSTOP");
  const since = performance.now();
  const wanted = await Promise.allSettled(Array.from({ length: 200 }, () => reads.get("S", FIRST)));
  process.kill(server.pid, "SIGCONT");
  expect(new Set(wanted.map(({ status }) => status))).toEqual(new Set(["rejected"]));
  expect(performance.now() - since).toBeLessThan(9_000);
  expect(asked).toHaveBeenCalledTimes(64);
  expect(await reads.get("S", FIRST)).toMatchObject({ seq: 1 });
});
