import { MillraceError } from "./millrace-error.ts";
import type { BlobRef } from "./payload.ts";

/** A blob store did not answer, or refused. The cause is kept. Nothing is lost: what wanted to store or read tries again. */
export class BlobStoreError extends MillraceError {
  readonly code = "BLOB_STORE_ERROR";
  readonly store: string;

  constructor(store: string, what: string, options?: { cause?: unknown }) {
    super(`Blob store ${store} ${what}`, options);
    this.store = store;
  }
}

/** A blob that an event names is not in its store. */
export class BlobMissingError extends MillraceError {
  readonly code = "BLOB_MISSING";
  readonly store: string;
  readonly key: string;

  constructor({ store, key, size }: BlobRef) {
    super(
      `Blob ${key} (${size} bytes) is not in store ${store}. Was it deleted, by hand or by an expiry rule? Restore it and try again.`,
    );
    this.store = store;
    this.key = key;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** What a store has under a blob's key is not what was stored there: its size or its hash differs. */
export class BlobDamagedError extends MillraceError {
  readonly code = "BLOB_DAMAGED";
  readonly store: string;
  readonly key: string;

  constructor({ store, key }: BlobRef, difference: string) {
    super(
      `Blob ${key} in store ${store} is damaged: ${difference}. Restore it from a copy and try again.`,
    );
    this.store = store;
    this.key = key;
  }

  override get fatal(): boolean {
    return true;
  }
}

/** A payload names a codec, or a blob store, that this connection was not given. */
export class PayloadUnreadableError extends MillraceError {
  readonly code = "PAYLOAD_UNREADABLE";

  override get fatal(): boolean {
    return true;
  }
}

/** A codec could not wrap or unwrap a payload. The cause says why. */
export class CodecError extends MillraceError {
  readonly code = "CODEC_ERROR";
  readonly codec: string;

  constructor(codec: string, what: string, options?: { cause?: unknown }) {
    super(`Codec ${codec} ${what}`, options);
    this.codec = codec;
  }

  override get fatal(): boolean {
    return true;
  }
}
