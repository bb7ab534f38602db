import type { ArchiveHost } from "../archive/archive-host.ts";
import { type ExportOptions, makeBundle } from "../bundle/make-bundle.ts";
import { writeBundle } from "../bundle/write-bundle.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { readRecordedRun } from "./recorded-runs.ts";

/** The bundle of a run in the log or in the archive. @throws {@link RunNotFoundError} and what {@link makeBundle} throws */
export async function exportRun(
  host: ArchiveHost,
  run: RunRef,
  options: ExportOptions,
): Promise<Uint8Array> {
  const { namespace } = host.broker.log;
  const read = await readRecordedRun(host, run);
  if (read === undefined) throw new RunNotFoundError(run.id, namespace);
  return writeBundle(await makeBundle({ namespace, stored: read.stored }, host.payloads, options));
}
