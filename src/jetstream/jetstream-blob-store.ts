import type { NatsConnection } from "@nats-io/nats-core";
import type { ObjectStore } from "@nats-io/obj";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { BlobStore, NewBlob } from "../ports/blob-store.ts";
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
    const { store } = await this.#open();
    const failure = `did not give blob ${key}`;
    return this.#translate(failure, async () => {
      const found = await store.get(key);
      if (found === null) return undefined;
      // It says what the stream says, once more.
      found.error.catch(() => undefined);
      return this.#pieces(found.data, failure);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.connection.close();
  }

  /** One piece after another. Of a blob whose pieces are gone none ever comes, so each is waited for so long and no longer. */
  async *#pieces(
    data: ReadableStream<Uint8Array>,
    failure: string,
  ): AsyncGenerator<Uint8Array, void> {
    const reader = data.getReader();
    try {
      for (;;) {
        const { done, value } = await this.#translate(failure, () => within(reader.read()));
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
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
      const maxPayload = connection.info?.max_payload ?? LEAST_PAYLOAD;
      return {
        connection,
        store,
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
  readonly bucket: Bucket;
  readonly isWhole: typeof isWhole;
  readonly putObject: typeof putObject;
}

const TIMEOUT_MS = 5_000;
const MOST_TRIES = 3;
/** Every server takes as much. */
const LEAST_PAYLOAD = 1_024;

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`No piece came within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
