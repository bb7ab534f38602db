import { constants } from "node:buffer";
import { createHash } from "node:crypto";
import type { BlobRef } from "../engine/payload.ts";
import { BlobDamagedError, BlobMissingError, BlobStoreError } from "../engine/payload-errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Clock } from "../ports/clock.ts";
import { inPieces, PIECE_BYTES, turn } from "./in-pieces.ts";
import { sha256Of } from "./sha256-of.ts";
import { Turnstile } from "./turnstile.ts";

/** Brings blobs to a store and back: few at once, checked by size and hash, tried a few times. */
export class BlobTransfer {
  readonly #clock: Clock;
  readonly #turnstile = new Turnstile(TRANSFERS_AT_ONCE);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Stores bytes. Resolves when they are durable (I9).
   * @throws {@link BlobStoreError} when the store does not take them after several tries.
   */
  upload(store: BlobStore, bytes: Uint8Array): Promise<BlobRef> {
    return this.#turnstile.pass(async () => {
      const sha256 = await sha256Of(bytes);
      const key = await this.#persist(store, "did not take a blob.", () =>
        store.put({ bytes, sha256 }),
      );
      return { store: store.name, key, sha256, size: bytes.length };
    });
  }

  /**
   * The bytes that a reference names.
   * @throws {@link BlobStoreError}, {@link BlobMissingError}, {@link BlobDamagedError}
   */
  download(store: BlobStore, ref: BlobRef): Promise<Uint8Array> {
    return this.#turnstile.pass(() =>
      this.#persist(store, `did not give blob ${ref.key}.`, () => fetch(store, ref)),
    );
  }

  /** Tries a few times, whatever went wrong: a transfer that was cut off looks like damage. */
  async #persist<T>(store: BlobStore, failure: string, attempt: () => Promise<T>): Promise<T> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        return await attempt();
      } catch {
        await new Promise<void>((resolve) => {
          this.#clock.after(delayMs, resolve);
        });
      }
    }
    try {
      return await attempt();
    } catch (error) {
      if (isOwn(error)) throw error;
      throw new BlobStoreError(store.name, failure, { cause: error });
    }
  }
}

const TRANSFERS_AT_ONCE = 8;
const RETRY_DELAYS_MS = [50, 200, 800];

async function fetch(store: BlobStore, ref: BlobRef): Promise<Uint8Array> {
  if (!Number.isInteger(ref.size) || ref.size < 0 || ref.size > constants.MAX_LENGTH) {
    throw new BlobDamagedError(ref, `its reference says that it has ${ref.size} bytes`);
  }
  const pieces = await store.get(ref.key);
  if (pieces === undefined) throw new BlobMissingError(ref);
  // Not from a pool: what is decoded as `binary` may keep it.
  const bytes = new Uint8Array(ref.size);
  const hash = createHash("sha256");
  let length = 0;
  let sinceTurn = 0;
  for await (const received of pieces) {
    // A store in memory gives all at once.
    for await (const piece of inPieces(received)) {
      if (length + piece.length > ref.size) {
        throw new BlobDamagedError(ref, `it has more than the ${ref.size} bytes that were stored`);
      }
      bytes.set(piece, length);
      length += piece.length;
      hash.update(piece);
    }
    sinceTurn += received.length;
    if (sinceTurn >= PIECE_BYTES) {
      sinceTurn = 0;
      await turn();
    }
  }
  if (length < ref.size) {
    throw new BlobDamagedError(ref, `it has ${length} of the ${ref.size} bytes that were stored`);
  }
  const sha256 = hash.digest("hex");
  if (sha256 === ref.sha256) return bytes;
  throw new BlobDamagedError(ref, `its SHA-256 is ${sha256}, and ${ref.sha256} was stored`);
}

function isOwn(error: unknown): boolean {
  return (
    error instanceof BlobStoreError ||
    error instanceof BlobMissingError ||
    error instanceof BlobDamagedError
  );
}
