import { fileMessage, writeRunFile } from "../archive/run-file.ts";
import { BUNDLE_FORMAT, type BundleHeader, type RunFileBlob } from "../archive/run-file-format.ts";
import { isClosed } from "../engine/frame.ts";
import { parseRunId } from "../engine/run-id.ts";
import { foldFrames } from "../engine/run-state.ts";
import { statusBeforeStart } from "../engine/run-status.ts";
import { type RecordedRun, recordedRun } from "../history/recorded-run.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import type { BundleSource } from "./bundle.ts";

/**
 * A run as one file, the same bytes for the same run whoever writes it (docs/bundles.md).
 * @throws Error when its submission is none.
 */
export async function writeBundle(source: BundleSource): Promise<Uint8Array> {
  const { stored, blobs = [] } = source;
  return writeRunFile(headerOf(source), [
    fileMessage("new", stored.submission),
    ...stored.inbox.map((message) => fileMessage("in", message)),
    ...stored.history.map((message) => fileMessage("h", message)),
    ...blobs.toSorted(byPlace),
  ]);
}

function headerOf(source: BundleSource): BundleHeader {
  const { namespace, stored, redacted = [], decrypted = false } = source;
  const { submission, frames } = recordedIn(source);
  const { id: run, flow, key } = parseRunId(submission.runId);
  const state = foldFrames(frames);
  const status = state?.status ?? statusBeforeStart(submission, submission.submittedAt);
  const closedAt =
    state !== undefined && isClosed(state.status) ? new Date(state.updatedAt).toISOString() : "";
  const { partition } = stored.submission;
  const queue = state?.queue ?? submission.queue;
  const place = { format: BUNDLE_FORMAT, namespace, partition, run, flow, key, queue } as const;
  return { ...place, status, closedAt, decrypted, redacted };
}

/** What the messages say. @throws Error when the submission is none. */
export function recordedIn({ stored }: Pick<BundleSource, "stored">): RecordedRun {
  const decoded = decodeSubmission(stored.submission.data);
  const recorded = decoded.kind === "ok" ? recordedRun(stored, decoded.value.runId) : undefined;
  if (recorded === undefined) throw new Error("It has no submission, so it is no run.");
  return recorded;
}

function byPlace({ ref: a }: RunFileBlob, { ref: b }: RunFileBlob): number {
  const [first, second] = [`${a.store} ${a.key}`, `${b.store} ${b.key}`];
  return first < second ? -1 : first > second ? 1 : 0;
}
