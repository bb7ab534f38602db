/**
 * Keeps values that are too large for a message. Every adapter keeps these promises, and one contract suite checks each:
 *
 * - A put that resolves is durable, and every later `get` sees it, from any process (I9).
 * - A key is made of the content. Putting the same bytes again, at the same time too, gives the same key and harms nobody
 *   who reads.
 * - A blob is there whole or not at all: a put that fails or is cut off leaves nothing that `get` shows.
 * - A store that does not answer or refuses is told as a `BlobStoreError`, within a bounded time.
 *
 * Who reads compares size and hash: a store need not find out that its bytes were damaged.
 */
export interface BlobStore {
  /** Recorded with each blob: whoever reads needs a store of this name. */
  readonly name: string;
  /** Stores the bytes, and gives the key under which they are to be found. They must not change meanwhile. */
  put(blob: NewBlob): Promise<string>;
  /** The bytes of a blob in order, in pieces; nothing when there is no such blob. Each piece is the reader's to keep. */
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface NewBlob {
  readonly bytes: Uint8Array;
  /** Of the bytes, in lower-case hexadecimal. */
  readonly sha256: string;
}
