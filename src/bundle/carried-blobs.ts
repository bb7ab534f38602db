import { createHash } from "node:crypto";
import type { RunFileBlob } from "../archive/run-file-format.ts";
import type { BlobRef, Payload, PlainPayload } from "../engine/payload.ts";
import { BUNDLE_STORE } from "./bundle-payloads.ts";

/** The blobs of a bundle that is being made: those that it has, and those that become necessary. */
export class CarriedBlobs {
  readonly #blobs = new Map<string, RunFileBlob>();

  constructor(blobs: readonly RunFileBlob[]) {
    for (const blob of blobs) this.#blobs.set(place(blob.ref), blob);
  }

  /** A payload's own bytes, as they are stored; nothing when they are in a blob that is not carried. */
  bytesOf(payload: Payload): Uint8Array | undefined {
    return payload.blob === undefined ? payload.data : this.#blobs.get(place(payload.blob))?.bytes;
  }

  /** The payload as it is to stand in its message. */
  put(payload: PlainPayload): Payload {
    const { encoding, data } = payload;
    if (data.length <= INLINE_BYTES) return payload;
    const sha256 = createHash("sha256").update(data).digest("hex");
    const blob = { store: BUNDLE_STORE, key: sha256, sha256, size: data.length };
    this.#blobs.set(place(blob), { ref: blob, bytes: data });
    return { encoding, blob };
  }

  /** Those that one of these payloads names. */
  ofPayloads(payloads: Iterable<Payload>): readonly RunFileBlob[] {
    const named = new Map<string, RunFileBlob>();
    for (const { blob } of payloads) {
      const carried = blob === undefined ? undefined : this.#blobs.get(place(blob));
      if (carried !== undefined) named.set(place(carried.ref), carried);
    }
    return [...named.values()];
  }
}

/** As much of a payload stands in a message. */
const INLINE_BYTES = 131_072;

function place({ store, key }: BlobRef): string {
  return `${store} ${key}`;
}
