import { BlobStoreError } from "../engine/payload-errors.ts";
import { type PayloadOptions, Payloads, type PayloadsBroker } from "../payloads/payloads.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import type { Bundle } from "./bundle.ts";
import { eachPayload } from "./run-payloads.ts";

/**
 * What opens the payloads of a bundle: blobs that it carries are read from it, others from the stores that are given here, and
 * encrypted ones take the codec that is given here.
 */
export function bundlePayloads(bundle: Bundle, options: PayloadOptions = {}): Payloads {
  const { blobs, formerBlobs = [], ...rest } = options;
  const given = [...(blobs === undefined || blobs === "none" ? [] : [blobs]), ...formerBlobs];
  const names = new Set([BUNDLE_STORE, ...bundle.blobs.map(({ ref }) => ref.store)]);
  for (const { blob } of eachPayload(bundle)) if (blob !== undefined) names.add(blob.store);
  const storeOf = (name: string): BlobStore =>
    new BundledStore(
      name,
      bundle,
      given.find((store) => store.name === name),
    );
  const [own, ...stores] = [...names].map(storeOf) as [BlobStore, ...BlobStore[]];
  const nowhere: PayloadsBroker = { log: { maxMessageBytes: 1_048_576 }, blobs: own };
  return new Payloads(nowhere, AT_ONCE, {
    ...rest,
    blobs: "none",
    formerBlobs: [...stores, ...given.filter(({ name }) => !names.has(name))],
  });
}

/** Where a bundle's blobs are that were made when it was written: redacted or decrypted ones. */
export const BUNDLE_STORE = "bundle";

/** Reads what the bundle carries of a store, and the rest from the store itself. */
class BundledStore implements BlobStore {
  readonly name: string;
  readonly #blobs: ReadonlyMap<string, Uint8Array>;
  readonly #other: BlobStore | undefined;

  constructor(name: string, { blobs }: Bundle, other: BlobStore | undefined) {
    this.name = name;
    const own = blobs.filter(({ ref }) => ref.store === name);
    this.#blobs = new Map(own.map(({ ref, bytes }) => [ref.key, bytes]));
    this.#other = other;
  }

  async put(): Promise<never> {
    throw new BlobStoreError(this.name, "takes nothing: a bundle is only read.");
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = this.#blobs.get(key);
    if (bytes !== undefined) return once(new Uint8Array(bytes));
    if (this.#other !== undefined) return this.#other.get(key);
    throw new BlobStoreError(
      this.name,
      `is not at hand, and blob ${key} was not brought along: export the run with --blobs, or give the store with --payloads.`,
    );
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What is not there will not come. */
const AT_ONCE: Clock = {
  ...systemClock,
  after: (_, call) => {
    queueMicrotask(call);
    return () => undefined;
  },
};
