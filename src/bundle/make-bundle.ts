import type { Payloads } from "../payloads/payloads.ts";
import type { BundleSource } from "./bundle.ts";
import { carryBlobs } from "./carry-blobs.ts";
import { decrypt } from "./decrypt.ts";
import { redact } from "./redact.ts";
import { parseRedactionPath } from "./redaction-path.ts";
import { recordedIn } from "./write-bundle.ts";

/** What a bundle is to have, and what it is not to show. */
export interface ExportOptions {
  /** Carry payloads that are in a blob store too. Default false: the bundle only says where they are. */
  readonly blobs?: boolean;
  /** What is taken out, and wherever else the same values stand: `input.card.number`, `steps.*.output.token` (docs/bundles.md). */
  readonly redact?: readonly string[];
  /** Undo the codec of the connection. Default false: what is encrypted stays encrypted. */
  readonly decrypt?: boolean;
}

/**
 * A run as it goes into a bundle.
 * @throws {@link InvalidOptionError} for a path that is none, {@link RedactionError}, {@link BundleTooLargeError}, and what
 * reading its blobs and undoing the codec throw
 */
export async function makeBundle(
  source: BundleSource,
  payloads: Payloads,
  options: ExportOptions = {},
): Promise<BundleSource> {
  const paths = (options.redact ?? []).map(parseRedactionPath);
  let made = source;
  if (options.blobs === true) {
    const blobs = await carryBlobs(recordedIn(source), payloads, (_, error) => {
      throw error;
    });
    made = { ...made, blobs };
  }
  if (options.decrypt === true) made = await decrypt(made, payloads);
  return redact(made, payloads, paths);
}
