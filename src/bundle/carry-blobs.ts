import type { RunFileBlob } from "../archive/run-file-format.ts";
import { BundleTooLargeError } from "../engine/bundle-errors.ts";
import type { BlobRef } from "../engine/payload.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { BUNDLE_LIMITS } from "./read-bundle.ts";
import { eachPayload } from "./run-payloads.ts";

/**
 * The blobs that a run's payloads name, each once, as they are stored: what a codec wrapped stays wrapped. `onMissing` is told
 * of one that cannot be had, and may throw.
 * @throws {@link BundleTooLargeError}
 */
export async function carryBlobs(
  run: RecordedRun,
  payloads: Payloads,
  onMissing: (ref: BlobRef, error: unknown) => void,
): Promise<readonly RunFileBlob[]> {
  const carried: RunFileBlob[] = [];
  let left = MOST_BYTES;
  for (const ref of blobsOf(run)) {
    left -= ref.size;
    if (left < 0) throw new BundleTooLargeError(MOST_BYTES);
    try {
      carried.push({ ref, bytes: await payloads.fetchFile(ref) });
    } catch (error) {
      onMissing(ref, error);
    }
  }
  return carried;
}

/** The blobs that a run's payloads name, each once. */
export function blobsOf(run: RecordedRun): readonly BlobRef[] {
  const refs = new Map<string, BlobRef>();
  for (const { blob } of eachPayload(run)) {
    if (blob !== undefined) refs.set(`${blob.store} ${blob.key}`, blob);
  }
  return [...refs.values()];
}

/** Base64 makes four bytes of three, and the messages need room too. */
const MOST_BYTES = BUNDLE_LIMITS.unpackedBytes / 2;
