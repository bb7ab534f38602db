import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { SmallDisk } from "../../chaos/small-disk.mjs";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";

test("a server whose disk is full confirms nothing, and started again with room it has all that it confirmed", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-disk-"));
  onTestFinished(() => rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 }));
  const disk = await SmallDisk.open(storeDir);
  const seen =
    typeof disk === "string"
      ? { cannot: disk.includes("no disk can be mounted here") }
      : await fillAndFree(disk, storeDir);
  // Not everywhere may a process mount a disk of its own; then it says so.
  expect([{ cannot: true }, { isConfirmed: false, messages: 10, next: 11 }]).toContainEqual(seen);
});

/** Ten messages, one for which there is no room, and one after there is room again. */
async function fillAndFree(disk: SmallDisk, storeDir: string): Promise<object> {
  onTestFinished(() => disk.close());
  const small = { storeDir, binary: disk.binary };
  const server = await startNatsServer(small);
  onTestFinished(() => server.kill());
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  await (await jetstreamManager(connection)).streams.add({ name: "S", subjects: ["s"] });
  const js = jetstream(connection, { timeout: 1_000 });
  for (let stored = 0; stored < 10; stored++) await js.publish("s", "x".repeat(1_000));
  await disk.fill();
  const isConfirmed = await js.publish("s", "x".repeat(100_000)).then(
    () => true,
    () => false,
  );

  await disk.free();
  await server.kill();
  const again = await startNatsServer({ ...small, port: server.port });
  onTestFinished(() => again.kill());
  const later = await connect({ servers: again.url });
  onTestFinished(() => later.close());
  const { messages } = (await (await jetstreamManager(later)).streams.info("S")).state;
  const { seq: next } = await jetstream(later).publish("s", "there is room");
  return { isConfirmed, messages, next };
}
