import { BlobStoreError } from "../engine/payload-errors.ts";
import type { BlobStore, NewBlob } from "../ports/blob-store.ts";

/** A blob store in this process's memory, for tests: it can be out of order, damage a blob, and lose one. */
export class MemoryBlobStore implements BlobStore {
  readonly name: string;
  readonly #blobs = new Map<string, Uint8Array>();
  /** Why it answers nobody, while it is set. */
  outage: Error | undefined;
  /** How often it was asked to store something, in vain too. */
  puts = 0;

  constructor(name = "memory") {
    this.name = name;
  }

  /** The keys of all that it holds. */
  get keys(): readonly string[] {
    return [...this.#blobs.keys()];
  }

  async put({ bytes, sha256 }: NewBlob): Promise<string> {
    this.puts++;
    this.#answer();
    if (!this.#blobs.has(sha256)) this.#blobs.set(sha256, bytes.slice());
    return sha256;
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    this.#answer();
    const bytes = this.#blobs.get(key);
    return bytes === undefined ? undefined : piecesOf(bytes);
  }

  /** Changes what it holds under a key. */
  replace(key: string, bytes: Uint8Array): void {
    this.#blobs.set(key, bytes.slice());
  }

  /** Loses what it holds under a key. */
  lose(key: string): void {
    this.#blobs.delete(key);
  }

  #answer(): void {
    if (this.outage === undefined) return;
    throw new BlobStoreError(this.name, "is out of order.", { cause: this.outage });
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.slice(at, at + PIECE_BYTES);
}

const PIECE_BYTES = 65_536;
