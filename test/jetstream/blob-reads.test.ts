/** How blobs are read from a broker that is busy, behind, or has lost a part of them. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { BlobStoreError } from "../../src/engine/payload-errors.ts";
import { JetStreamBlobStore } from "../../src/jetstream/jetstream-blob-store.ts";

let server: NatsServer;
const storeDir = mkdtempSync(join(tmpdir(), "millrace-blobs-"));
const DIRECT = "$JS.API.DIRECT.GET.";

beforeAll(async () => {
  server = await startNatsServer({ storeDir });
});
afterAll(async () => {
  await server.stop();
  rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 });
});

async function raw(): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  return connection;
}

/** A store, and what it publishes. */
function open(redirected: (subject: string) => string = (subject) => subject) {
  const asked: string[] = [];
  const store = new JetStreamBlobStore({
    namespace: "reads",
    replicas: 1,
    dial: async () => {
      const connection = await connect({ servers: server.url });
      const publish = connection.publish.bind(connection);
      vi.spyOn(connection, "publish").mockImplementation((subject, ...more) => {
        asked.push(subject);
        publish(redirected(subject), ...more);
      });
      return connection;
    },
  });
  onTestFinished(() => store.close());
  return { store, asked };
}

async function read(store: JetStreamBlobStore, key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await store.get(key)) ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function put(bytes: Uint8Array): Promise<string> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return open().store.put({ bytes, sha256 });
}

test("a blob is read without a consumer, in a few requests", async () => {
  const bytes = randomBytes(5_000_000); // 39 pieces.
  const key = await put(bytes);
  const { store, asked } = open();
  expect((await read(store, key)).equals(bytes)).toBe(true);
  expect(asked.filter((subject) => subject.includes("CONSUMER"))).toEqual([]);
  expect(asked.filter((subject) => subject.startsWith(DIRECT)).length).toBeLessThan(8);
});

test("a blob that the server which answers does not have yet is read from the stream's leader", async () => {
  const bytes = randomBytes(400_000);
  const key = await put(bytes);
  const answered: string[] = [];
  const behind = await raw();
  behind.subscribe("behind", {
    callback: (_, message) => {
      answered.push(message.string());
      message.respond("", { headers: headers(404, "Message Not Found") });
    },
  });
  await behind.flush();
  const { store, asked } = open((subject) => (subject.startsWith(DIRECT) ? "behind" : subject));
  expect((await read(store, key)).equals(bytes)).toBe(true);
  expect(answered.length).toBeGreaterThan(0);
  // The message that names the pieces, and each of them.
  expect(asked.filter((subject) => subject.includes("STREAM.MSG.GET"))).toHaveLength(5);
});

test("a blob whose pieces are gone is an error at once, which says how many", async () => {
  const key = await put(randomBytes(300_000));
  const purge = { filter: "$O.MR_reads.C.>" };
  await (await raw()).request("$JS.API.STREAM.PURGE.OBJ_MR_reads", JSON.stringify(purge));
  const failure = await read(open().store, key).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BlobStoreError);
  expect((failure as BlobStoreError).cause).toMatchObject({
    message: "3 of its 3 pieces are gone",
  });
});
