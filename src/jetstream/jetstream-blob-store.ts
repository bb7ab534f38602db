import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import type { ObjectStore } from "@nats-io/obj";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { BlobStore, NewBlob } from "../ports/blob-store.ts";
import { DirectGet } from "./direct-get.ts";
import { type PieceReads, piecesOfObject } from "./get-object.ts";
import { LeaderReads } from "./leader-reads.ts";
import { Mux } from "./mux.ts";
import type { Bucket, isWhole, putObject } from "./put-object.ts";

/**
 * Blobs in a JetStream Object Store of the namespace, `MR_<namespace>`, made when the first blob comes. It has a connection
 * of its own, made then too: frames do not queue behind megabytes.
 */
export class JetStreamBlobStore implements BlobStore {
  readonly name = "jetstream";
  readonly #parts: JetStreamBlobStoreParts;
  #opening: Promise<Opened> | undefined;
  #closed = false;

  constructor(parts: JetStreamBlobStoreParts) {
    this.#parts = parts;
  }

  async put({ bytes, sha256 }: NewBlob): Promise<string> {
    const { store, bucket, isWhole, putObject } = await this.#open();
    return this.#translate("did not store a blob", async () => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const held = await store.info(sha256);
        const isHeld = held !== null && !held.deleted && held.size === bytes.length;
        if (isHeld && (await isWhole(bucket, held))) return sha256;
        // If somebody else stores it meanwhile, that one stays: it may be read already.
        if (await putObject(bucket, sha256, bytes, held?.revision ?? 0)) return sha256;
      }
      // A replica that is behind does not show it yet: each try leaves pieces that nobody names.
      throw new Error("It is stored by somebody else, and cannot be seen yet");
    });
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { store, reads } = await this.#open();
    const failure = `did not give blob ${key}`;
    const object = await this.#translate(failure, () => store.info(key));
    if (object === null || object.deleted) return undefined;
    return this.#pieces(piecesOfObject(reads, object), failure);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opening?.catch(() => undefined);
    opened?.reads.leader.close();
    await opened?.connection.close();
  }

  async *#pieces(
    pieces: AsyncGenerator<Uint8Array, void>,
    failure: string,
  ): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const { done, value } = await this.#translate(failure, () => pieces.next());
      if (done) return;
      yield value;
    }
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#translate("cannot be opened", () => this.#dial());
    // The next one tries again.
    this.#opening.catch(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #dial(): Promise<Opened> {
    if (this.#closed) throw new Error("The connection was closed");
    // Only who has something large pays for it.
    const [{ jetstream }, { Objm, setSha256Backend, StorageType }, puts] = await Promise.all([
      import("@nats-io/jetstream"),
      import("@nats-io/obj"),
      import("./put-object.ts"),
    ]);
    setSha256Backend("native");
    const connection = await this.#parts.dial();
    try {
      const { namespace, replicas } = this.#parts;
      const js = jetstream(connection, { timeout: TIMEOUT_MS });
      const name = `MR_${namespace}`;
      const store = await new Objm(js).create(name, {
        description: `Large payloads of Millrace namespace ${namespace}`,
        storage: StorageType.File,
        replicas,
      });
      const mux = new Mux(connection, createInbox());
      const reads = {
        direct: new DirectGet(connection, mux),
        leader: new LeaderReads(connection, mux),
      };
      const maxPayload = connection.info?.max_payload ?? LEAST_PAYLOAD;
      return {
        connection,
        store,
        reads,
        bucket: { js, name, maxPayload, timeoutMs: TIMEOUT_MS },
        ...puts,
      };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async #translate<T>(failure: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof BlobStoreError) throw cause;
      throw new BlobStoreError(this.name, `${failure}. Is the broker reachable, with room left?`, {
        cause,
      });
    }
  }
}

export interface JetStreamBlobStoreParts {
  readonly namespace: string;
  readonly replicas: number;
  readonly dial: () => Promise<NatsConnection>;
}

interface Opened {
  readonly connection: NatsConnection;
  readonly store: ObjectStore;
  readonly reads: PieceReads;
  readonly bucket: Bucket;
  readonly isWhole: typeof isWhole;
  readonly putObject: typeof putObject;
}

const TIMEOUT_MS = 5_000;
const MOST_TRIES = 3;
/** Every server takes as much. */
const LEAST_PAYLOAD = 1_024;
