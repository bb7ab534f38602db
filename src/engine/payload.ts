/**
 * A value a user wrote, as it is stored: bytes with the name of their encoding, maybe wrapped by a codec, maybe in a blob
 * store. The core carries payloads and never looks into them.
 */
export type Payload = PlainPayload | CodedPayload | BlobPayload;

/** True when there is neither a blob to fetch nor a codec to undo. */
export function isPlain(payload: Payload): payload is PlainPayload {
  return payload.blob === undefined && payload.codec === undefined;
}

/** Ready to be decoded: `encoding` is `undefined`, `json`, `devalue`, `binary`, or `error`. */
export interface PlainPayload {
  readonly encoding: string;
  readonly data: Uint8Array;
  readonly codec?: never;
  readonly blob?: never;
}

/** Its bytes went through the codec of that name, which has to undo it before they are of the encoding. */
export interface CodedPayload {
  readonly encoding: string;
  readonly data: Uint8Array;
  readonly codec: string;
  readonly blob?: never;
}

/** Its bytes are in a blob store, as they came out of the codec if it names one. */
export interface BlobPayload {
  readonly encoding: string;
  readonly data?: never;
  readonly codec?: string;
  readonly blob: BlobRef;
}

/** Where a blob is, and what it must be: durable before the event that names it (I9). */
export interface BlobRef {
  /** Name of the store that has it. */
  readonly store: string;
  /** Its key there. */
  readonly key: string;
  /** Of the stored bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}
