/** A blob of which the broker's confirmation was lost: it may be there all the same. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection, TimeoutError } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { BlobStoreError } from "../../src/engine/payload-errors.ts";
import { JetStreamBlobStore } from "../../src/jetstream/jetstream-blob-store.ts";

let server: NatsServer;
const storeDir = mkdtempSync(join(tmpdir(), "millrace-blobs-"));

beforeAll(async () => {
  server = await startNatsServer({ storeDir });
});
afterAll(async () => {
  await server.stop();
  rmSync(storeDir, { recursive: true, force: true, maxRetries: 3 });
});

/** A store that changes the connection as it is told. */
function open(change: (connection: NatsConnection) => void = () => undefined): JetStreamBlobStore {
  const store = new JetStreamBlobStore({
    namespace: "lost",
    replicas: 1,
    dial: async () => {
      const connection = await connect({ servers: server.url });
      change(connection);
      return connection;
    },
  });
  onTestFinished(() => store.close());
  return store;
}

async function bytesOf(key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await open().get(key)) ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}

function blob(): { bytes: Uint8Array; sha256: string } {
  const bytes = randomBytes(300_000);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

test("a blob whose last confirmation was lost is whole, whoever stores it again", async () => {
  const given = blob();
  let lost = 0;
  const losing = open((connection) => {
    const request = connection.request.bind(connection);
    vi.spyOn(connection, "request").mockImplementation(async (subject, ...more) => {
      const answer = await request(subject, ...more);
      if (!subject.includes(".M.") || subject.startsWith("$JS") || lost > 0) return answer;
      lost++;
      throw new TimeoutError();
    });
  });
  await expect(losing.put(given)).rejects.toThrow(BlobStoreError);
  expect(lost).toBe(1);
  expect(await losing.put(given)).toBe(given.sha256);
  expect((await bytesOf(given.sha256)).equals(given.bytes)).toBe(true);
});

test("a blob of which pieces are gone is stored anew by whoever has its bytes", async () => {
  const given = blob();
  const key = await open().put(given);
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const purge = { filter: "$O.MR_lost.C.>" };
  await connection.request("$JS.API.STREAM.PURGE.OBJ_MR_lost", JSON.stringify(purge));
  expect(await open().put(given)).toBe(key);
  expect((await bytesOf(key)).equals(given.bytes)).toBe(true);
});

test("many that store the same at once leave one that is whole", async () => {
  const given = blob();
  const stores = Array.from({ length: 4 }, () => open());
  await Promise.all(stores.map((store) => store.put(given)));
  expect((await bytesOf(given.sha256)).equals(given.bytes)).toBe(true);
});
