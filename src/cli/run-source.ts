import { stat } from "node:fs/promises";
import type { Bundle } from "../bundle/bundle.ts";
import { bundlePayloads } from "../bundle/bundle-payloads.ts";
import { carryBlobs } from "../bundle/carry-blobs.ts";
import { readBundle } from "../bundle/read-bundle.ts";
import { readRecordedRun } from "../client/recorded-runs.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { GlobalOptions } from "./global-options.ts";
import { loadPayloadOptions } from "./load-payload-options.ts";
import { openExisting } from "./open-connection.ts";
import { readFileOption } from "./read-input.ts";

/** A run as it was read, whole and in memory: there is no connection any more. */
export interface RunFromSource {
  readonly run: Bundle;
  /** Opens its payloads, those in blobs too. */
  readonly payloads: Payloads;
}

/**
 * The run that an argument names: what ends in `.mrun` or is a file is a bundle, and no broker is asked for it; anything else is
 * a run's id, which is read from the log or the archive.
 * @throws {@link CliError} `FILE_NOT_READABLE`, {@link BundleUnreadableError}, {@link RunNotFoundError}
 */
export async function openRun(argument: string, options: GlobalOptions): Promise<RunFromSource> {
  const run = (await isBundlePath(argument))
    ? await readBundle(await readFileOption(argument), { name: argument })
    : await readLive(argument, options);
  return { run, payloads: bundlePayloads(run, await loadPayloadOptions(options.payloads)) };
}

/** True for what ends in `.mrun`, and for what is a file. */
export async function isBundlePath(argument: string): Promise<boolean> {
  if (argument.endsWith(".mrun")) return true;
  const found = await stat(argument).catch(() => undefined);
  return found?.isFile() ?? false;
}

async function readLive(id: string, options: GlobalOptions): Promise<Bundle> {
  const ref = parseRunId(id);
  await using millrace = await openExisting(options);
  const { namespace, payloads } = millrace;
  const run = await readRecordedRun(millrace.host, ref);
  if (run === undefined) throw new RunNotFoundError(ref.id, namespace);
  // Whoever needs a blob that is not there will hear of it.
  const blobs = await carryBlobs(run, payloads, () => undefined);
  return { ...run, namespace, blobs, redacted: [], decrypted: false };
}
