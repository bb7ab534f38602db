/**
 * Wraps everything a user wrote on its way to the broker, errors included: to encrypt or to compress it. Give the same one
 * to every process of a namespace.
 */
export interface Codec {
  /** Recorded with each payload: whoever reads it needs a codec of this name. */
  readonly name: string;
  /** For a small value give the bytes, not a promise: each step waits for it. */
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Undoes `encode`. Throws when it cannot. */
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
