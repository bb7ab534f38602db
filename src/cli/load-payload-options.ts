import type { PayloadOptions } from "../index.ts";
import { CliError } from "./cli-error.ts";
import { loadFile } from "./load-file.ts";

/**
 * What `--payloads` names: a file that exports `codec`, `formerCodecs`, `blobs`, `formerBlobs` or `blobThresholdBytes`, as
 * `connect()` takes them.
 * @throws {@link CliError} `FILE_NOT_READABLE`, `FILE_NOT_LOADED` or `NO_PAYLOAD_OPTIONS`
 */
export async function loadPayloadOptions(path: string | undefined): Promise<PayloadOptions> {
  if (path === undefined) return {};
  const { file, exported } = await loadFile(path);
  const known = OPTIONS.filter((name) => exported[name] !== undefined);
  if (known.length === 0) {
    throw new CliError(
      "NO_PAYLOAD_OPTIONS",
      `${file} exports none of ${OPTIONS.join(", ")}. Write: export const codec = aesGcmCodec(…).`,
    );
  }
  // What they are is up to the file, as it is to whoever calls connect().
  return Object.fromEntries(known.map((name) => [name, exported[name]])) as PayloadOptions;
}

const OPTIONS = [
  "codec",
  "formerCodecs",
  "blobs",
  "formerBlobs",
  "blobThresholdBytes",
] as const satisfies readonly (keyof PayloadOptions)[];
