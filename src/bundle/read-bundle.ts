import { storedIn } from "../archive/archived-run.ts";
import { type RunFileLimits, readRunFile } from "../archive/run-file.ts";
import { BUNDLE_FORMAT, type RunFile, type RunFileHeader } from "../archive/run-file-format.ts";
import { BundleUnreadableError } from "../engine/bundle-errors.ts";
import { isToken } from "../engine/names.ts";
import { parseRunId } from "../engine/run-id.ts";
import { recordedRun } from "../history/recorded-run.ts";
import type { Stored } from "../ports/run-log.ts";
import type { Bundle } from "./bundle.ts";

/** How a bundle is read. */
export interface ReadBundleOptions {
  /** What it is called in errors. Default: `The file`. */
  readonly name?: string;
  /** What it may unpack to. Default 1,073,741,824 bytes and 1,000,000 messages. */
  readonly limits?: RunFileLimits;
}

/**
 * Reads a run's bundle, or its file from the archive, and checks all that it says of itself. Nothing in it is ever executed.
 * @throws {@link BundleUnreadableError} when it is none, is damaged, cut off, or unpacks to too much.
 */
export async function readBundle(
  bytes: Uint8Array,
  { name = "The file", limits = BUNDLE_LIMITS }: ReadBundleOptions = {},
): Promise<Bundle> {
  try {
    return bundleOf(await readRunFile(bytes, limits));
  } catch (error) {
    throw new BundleUnreadableError(name, error);
  }
}

/** Somebody may have made the file to fill the memory of whoever reads it. */
export const BUNDLE_LIMITS: RunFileLimits = Object.freeze({
  unpackedBytes: 1_073_741_824,
  messages: 1_000_000,
});

function bundleOf(file: RunFile): Bundle {
  const { header, blobs } = file;
  checkHeader(header);
  const stored = storedIn(file);
  checkOrder(stored.inbox);
  checkOrder(stored.history);
  const recorded = recordedRun(stored, header.run);
  if (recorded === undefined) throw new Error("Its submission is not one of its run.");
  const isBundle = header.format === BUNDLE_FORMAT;
  return {
    ...recorded,
    namespace: header.namespace,
    stored,
    blobs,
    redacted: isBundle ? header.redacted : [],
    decrypted: isBundle && header.decrypted,
  };
}

function checkHeader({ run, flow, key, queue, namespace }: RunFileHeader): void {
  const ref = parseRunId(run);
  if (ref.flow !== flow || ref.key !== key) throw new Error("Its first line names two runs.");
  if (!isToken(queue)) throw new Error("Its queue is not the name of one.");
  if (!isToken(namespace)) throw new Error("Its namespace is not the name of one.");
}

function checkOrder(stored: readonly Stored[]): void {
  let last = 0;
  for (const { sequence } of stored) {
    if (sequence <= last) throw new Error("Its messages are not in order.");
    last = sequence;
  }
}
