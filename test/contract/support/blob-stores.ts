import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNatsServer } from "../../../src/embedded/start-nats-server.ts";
import { connectBroker } from "../../../src/jetstream/connect-broker.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { Broker } from "../../../src/ports/broker.ts";
import { S3BlobStore } from "../../../src/s3/s3-blob-store.ts";
import { MemoryBlobStore } from "../../../src/testing/memory-blob-store.ts";
import { startS3Server } from "../../s3/support/start-s3-server.ts";

/** One implementation of the blob store. Each suite runs on all of them. */
export interface BlobStoreAdapter {
  readonly name: string;
  start(): Promise<BlobStoreWorld>;
}

/** A store, and what a test can do to it from outside. */
export interface BlobStoreWorld {
  /** As another process would open it. */
  open(): Promise<BlobStore>;
  /** Ends the server as a power cut would. */
  breakDown(): Promise<void>;
  /** Brings it back with what it had. */
  bringUp(): Promise<void>;
  stop(): Promise<void>;
}

const memory: BlobStoreAdapter = {
  name: "in memory",
  start: async () => {
    const store = new MemoryBlobStore();
    return {
      open: async () => store,
      breakDown: async () => {
        store.outage = new Error("Broken down");
      },
      bringUp: async () => {
        store.outage = undefined;
      },
      stop: async () => undefined,
    };
  },
};

const jetStream: BlobStoreAdapter = {
  name: "in JetStream",
  start: async () => {
    const storeDir = await mkdtemp(join(tmpdir(), "millrace-blobs-"));
    let server = await startNatsServer({ storeDir });
    const { port } = server;
    const brokers: Broker[] = [];
    return {
      open: async () => {
        const broker = await connectBroker({ servers: server.url, namespace: "blobs" });
        brokers.push(broker);
        return broker.blobs;
      },
      breakDown: () => server.kill(),
      bringUp: async () => {
        server = await startNatsServer({ storeDir, port });
      },
      stop: async () => {
        await Promise.all(brokers.map((broker) => broker.close()));
        await server.kill();
        await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
      },
    };
  },
};

const s3: BlobStoreAdapter = {
  name: "in S3",
  start: async () => {
    const server = await startS3Server();
    const stores: S3BlobStore[] = [];
    return {
      open: async () => {
        const store = new S3BlobStore(server.options);
        stores.push(store);
        return store;
      },
      breakDown: () => server.kill(),
      bringUp: () => server.restart(),
      stop: async () => {
        await Promise.all(stores.map((store) => store.close()));
        await server.stop();
      },
    };
  },
};

export const BLOB_STORES: readonly BlobStoreAdapter[] = [memory, jetStream, s3];
