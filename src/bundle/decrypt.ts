import type { Payloads } from "../payloads/payloads.ts";
import type { BundleSource } from "./bundle.ts";
import { CarriedBlobs } from "./carried-blobs.ts";
import { changeRun } from "./change-run.ts";
import { eachPayload } from "./run-payloads.ts";
import { recordedIn } from "./write-bundle.ts";

/**
 * The run with its codec undone: anybody can read it then. A blob that is not carried stays as it is.
 * @throws {@link CodecError}, {@link PayloadUnreadableError} when the codec is not at hand.
 */
export async function decrypt(source: BundleSource, payloads: Payloads): Promise<BundleSource> {
  const carried = new CarriedBlobs(source.blobs ?? []);
  const stored = await changeRun(source.stored, {
    payload: async (payload) => {
      const { encoding, codec } = payload;
      const data = carried.bytesOf(payload);
      if (codec === undefined || data === undefined) return payload;
      return carried.put(await payloads.open({ encoding, codec, data }));
    },
    text: (text) => text,
    foreign: (data) => data,
  });
  const blobs = carried.ofPayloads(eachPayload(recordedIn({ stored })));
  return { ...source, stored, blobs, decrypted: true };
}
