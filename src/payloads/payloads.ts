/**
 * Between values as bytes and what stands in a message: a codec wraps them, and what is too large then goes to a blob store.
 *
 * - **I9** `seal` gives a payload that names a blob only when that blob is durable.
 * - Nothing here is on the way of a small value without a codec: it is given back as it is, at once.
 */
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { MillraceError } from "../engine/millrace-error.ts";
import {
  type BlobPayload,
  type BlobRef,
  type CodedPayload,
  isPlain,
  type Payload,
  type PlainPayload,
} from "../engine/payload.ts";
import { CodecError, PayloadUnreadableError } from "../engine/payload-errors.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { BlobTransfer } from "./blob-transfer.ts";
import type { Codec } from "./codec.ts";

export class Payloads {
  readonly #codec: Codec | undefined;
  readonly #codecs: ReadonlyMap<string, Codec>;
  readonly #store: BlobStore | undefined;
  readonly #stores: ReadonlyMap<string, BlobStore>;
  readonly #inlineBytes: number;
  readonly #transfer: BlobTransfer;
  /** What was sealed here need not be fetched and undone again as long as it is held. */
  readonly #plain = new WeakMap<Payload, PlainPayload>();

  constructor(broker: PayloadsBroker, clock: Clock, options: PayloadOptions = {}) {
    const { codec, formerCodecs = [], blobs = broker.blobs, formerBlobs = [] } = options;
    this.#codec = codec;
    this.#codecs = byName("codec", [...(codec === undefined ? [] : [codec]), ...formerCodecs]);
    this.#store = blobs === "none" ? undefined : blobs;
    const stores = [...(this.#store === undefined ? [] : [this.#store]), ...formerBlobs];
    // What was stored before another store was chosen is still there.
    this.#stores = byName("blobs", [...new Set([...stores, broker.blobs])]);
    this.#inlineBytes = inlineBytes(broker.log.maxMessageBytes, this.#store, options);
    this.#transfer = new BlobTransfer(clock);
  }

  /** The largest payload that can be sealed, in bytes before a codec: without limit when there is a store. */
  get maxBytes(): number {
    return this.#store === undefined ? this.#inlineBytes : Number.POSITIVE_INFINITY;
  }

  /**
   * A payload as it may stand in a message. When it names a blob, that is durable (I9). A promise only if there is something
   * to wait for.
   * @throws {@link PayloadTooLargeError} when it is too large and there is no store, {@link CodecError},
   * {@link BlobStoreError} when the store does not take it after several tries.
   */
  seal(payload: PlainPayload, what: string): Payload | Promise<Payload> {
    // Nothing is in it that could be hidden.
    if (this.#codec === undefined || payload.encoding === "undefined") {
      return payload.data.length <= this.#inlineBytes
        ? payload
        : this.#upload(payload, undefined, payload.data, what);
    }
    const codec = this.#codec;
    const bytes = guard(codec, `could not encode ${what}.`, () => codec.encode(payload.data));
    return bytes instanceof Promise
      ? bytes.then((encoded) => this.#sealCoded(payload, codec, encoded, what))
      : this.#sealCoded(payload, codec, bytes, what);
  }

  /**
   * Undoes `seal`: fetches the blob if there is one, checks it, and undoes the codec. A promise only if there is something
   * to wait for.
   * @throws {@link BlobStoreError}, {@link BlobMissingError}, {@link BlobDamagedError}, {@link CodecError},
   * {@link PayloadUnreadableError}
   */
  open(payload: Payload): PlainPayload | Promise<PlainPayload> {
    if (isPlain(payload)) return payload;
    const known = this.#plain.get(payload);
    if (known !== undefined) return known;
    return payload.blob === undefined
      ? this.#decode(payload.encoding, payload.codec, payload.data)
      : this.#fetch(payload);
  }

  /**
   * Stores bytes that are no value, such as a run's file: no codec wraps them. Resolves when they are durable.
   * @throws {@link InvalidOptionError} when there is no store, {@link BlobStoreError}
   */
  async storeFile(bytes: Uint8Array): Promise<BlobRef> {
    if (this.#store !== undefined) return this.#transfer.upload(this.#store, bytes);
    throw new InvalidOptionError(
      "blobs",
      "none",
      "this needs a place for files: give a blob store",
    );
  }

  /**
   * The bytes that a reference names, compared with what was stored.
   * @throws {@link BlobStoreError}, {@link BlobMissingError}, {@link BlobDamagedError}, {@link PayloadUnreadableError}
   */
  async fetchFile(ref: BlobRef): Promise<Uint8Array> {
    return this.#transfer.download(this.#storeOf(ref), ref);
  }

  #sealCoded(
    payload: PlainPayload,
    codec: Codec,
    bytes: Uint8Array,
    what: string,
  ): Payload | Promise<Payload> {
    if (bytes.length > this.#inlineBytes) return this.#upload(payload, codec.name, bytes, what);
    return this.#remember<CodedPayload>(payload, {
      encoding: payload.encoding,
      codec: codec.name,
      data: bytes,
    });
  }

  async #upload(
    payload: PlainPayload,
    codec: string | undefined,
    bytes: Uint8Array,
    what: string,
  ): Promise<BlobPayload> {
    if (this.#store === undefined) {
      throw new PayloadTooLargeError(what, bytes.length, this.#inlineBytes);
    }
    const blob = await this.#transfer.upload(this.#store, bytes);
    const { encoding } = payload;
    return this.#remember<BlobPayload>(
      payload,
      codec === undefined ? { encoding, blob } : { encoding, codec, blob },
    );
  }

  #remember<P extends Payload>(payload: PlainPayload, sealed: P): P {
    this.#plain.set(sealed, payload);
    return sealed;
  }

  async #fetch({ encoding, codec, blob }: BlobPayload): Promise<PlainPayload> {
    const bytes = await this.#transfer.download(this.#storeOf(blob), blob);
    return codec === undefined ? { encoding, data: bytes } : this.#decode(encoding, codec, bytes);
  }

  #storeOf(blob: BlobRef): BlobStore {
    const store = this.#stores.get(blob.store);
    if (store !== undefined) return store;
    throw new PayloadUnreadableError(
      `Blob ${blob.key} is in store ${blob.store}, which this process does not know. Give it to connect(), as blobs or in formerBlobs.`,
    );
  }

  #decode(encoding: string, name: string, bytes: Uint8Array): PlainPayload | Promise<PlainPayload> {
    const codec = this.#codecs.get(name);
    if (codec === undefined) {
      throw new PayloadUnreadableError(
        `A payload was encoded by codec ${name}, which this process does not know. Give it to connect(), as codec or in formerCodecs.`,
      );
    }
    const data = guard(codec, "could not decode a payload.", () => codec.decode(bytes));
    return data instanceof Promise
      ? data.then((decoded) => ({ encoding, data: decoded }))
      : { encoding, data };
  }
}

/** How values are kept: see {@link connect}. */
export interface PayloadOptions {
  /** Wraps everything a user wrote, errors included. Default: none. */
  readonly codec?: Codec;
  /** Codecs that are only read: what was stored when another one was in use. */
  readonly formerCodecs?: readonly Codec[];
  /** Where large values go. Default: the broker's own store. `none`: nothing large is taken. */
  readonly blobs?: BlobStore | "none";
  /** Stores that are only read. The broker's own is always known. */
  readonly formerBlobs?: readonly BlobStore[];
  /** A payload larger than this becomes a blob. Default 131,072; never more than three quarters of a message. */
  readonly blobThresholdBytes?: number;
}

/** What it needs to know of the broker. */
export type PayloadsBroker = Pick<Broker, "blobs"> & {
  readonly log: Pick<Broker["log"], "maxMessageBytes">;
};

const BLOB_THRESHOLD_BYTES = 131_072;

/** How many bytes of a payload may stand in a message, with room for what else is in it. */
function inlineBytes(
  maxMessageBytes: number,
  store: BlobStore | undefined,
  { blobThresholdBytes = BLOB_THRESHOLD_BYTES }: PayloadOptions,
): number {
  if (!Number.isInteger(blobThresholdBytes) || blobThresholdBytes < 0) {
    throw new InvalidOptionError("blobThresholdBytes", blobThresholdBytes, "give bytes from 0");
  }
  const limit = Math.floor((maxMessageBytes * 3) / 4);
  return store === undefined ? limit : Math.min(blobThresholdBytes, limit);
}

function byName<T extends { readonly name: string }>(
  option: string,
  all: readonly T[],
): ReadonlyMap<string, T> {
  const known = new Map<string, T>();
  for (const one of all) {
    if (one.name === "") throw new InvalidOptionError(option, one.name, "give it a name");
    const other = known.get(one.name);
    if (other !== undefined && other !== one) {
      throw new InvalidOptionError(option, one.name, "two have this name");
    }
    known.set(one.name, one);
  }
  return known;
}

/** Calls a codec; what it throws, at once or later, becomes a {@link CodecError}. */
function guard(
  codec: Codec,
  failure: string,
  work: () => Uint8Array | Promise<Uint8Array>,
): Uint8Array | Promise<Uint8Array> {
  const translate = (cause: unknown): never => {
    if (cause instanceof MillraceError) throw cause;
    throw new CodecError(codec.name, failure, { cause });
  };
  try {
    const bytes = work();
    return bytes instanceof Promise ? bytes.catch(translate) : bytes;
  } catch (error) {
    return translate(error);
  }
}
