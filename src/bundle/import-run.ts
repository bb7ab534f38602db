/**
 * Puts the run of a bundle into the log, to be looked at: nothing of it is ever executed (docs/bundles.md).
 *
 * 1. Its blobs are in the store (I9).
 * 2. Its submission takes the key (I1), with a mark by which workers leave it alone.
 * 3. Its inputs are put into the inbox, under new sequences; what only wakes or asks is left out.
 * 4. One frame with the whole history is written, if there is none (I2). It is closed, or parked.
 *
 * Each step may be done again: a crash between two leaves a run without a history, which the same import completes.
 */
import { createHash } from "node:crypto";
import type { ArchiveHost } from "../archive/archive-host.ts";
import { asBlob, mergedFrame } from "../archive/merged-frame.ts";
import { RunNotRestorableError } from "../engine/archive-errors.ts";
import { RunNotImportableError } from "../engine/bundle-errors.ts";
import { type FrameStatus, isClosed, type RecordedFrame } from "../engine/frame.ts";
import type { BlobRef, Payload } from "../engine/payload.ts";
import { RunExistsError } from "../engine/run-errors.ts";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import { IMPORTER, type Submission } from "../engine/submission.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { readSubmission } from "../history/read-submission.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import { readSureHead } from "../history/run-head.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import type { Bundle } from "./bundle.ts";
import { changeRun } from "./change-run.ts";
import { type ReadBundleOptions, readBundle } from "./read-bundle.ts";
import { recordedIn } from "./write-bundle.ts";

/** How a bundle is imported. */
export type ImportOptions = Pick<ReadBundleOptions, "name">;

/** What came of an import. */
export interface ImportedRun {
  readonly id: RunId;
  /** In the log: closed as it was, or `parked`. */
  readonly status: FrameStatus;
  /** What it was where it was recorded. */
  readonly recorded: FrameStatus | "pending";
  /** False when this very bundle was imported before. */
  readonly isNew: boolean;
}

/**
 * Imports a bundle. Resolves when that is durable.
 * @throws {@link BundleUnreadableError}, {@link RunExistsError} when its id is taken, {@link RunNotImportableError},
 * {@link BlobStoreError}, {@link BrokerError} when it is not confirmed: try again
 */
export async function importRun(
  host: ArchiveHost,
  bytes: Uint8Array,
  options: ImportOptions = {},
): Promise<ImportedRun> {
  const bundle = await readBundle(bytes, options);
  const run = parseRunId(bundle.submission.runId);
  const recorded = bundle.frames.at(-1)?.status ?? "pending";
  const { namespace } = bundle;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const imported = { namespace, importedAt: host.clock.now(), sha256 };

  const before = await statusThere(host, run, sha256);
  if (before !== undefined) return { id: run.id, status: before, recorded, isNew: false };
  const local = await withBlobs(host, bundle);
  await putSubmission(host, run, { ...local.submission, imported });
  const inputs = await putInputs(host, run, local);
  const frames = [
    ...local.frames.slice(0, -1),
    ...lastFrames(local, namespace, imported.importedAt),
  ];
  const parts = { payloads: host.payloads, limitBytes: host.broker.log.maxMessageBytes };
  const merged = await mergedFrame(run.id, frames, inputs, parts).catch((error: unknown) => {
    throw error instanceof RunNotRestorableError
      ? new RunNotImportableError(run.id, "its history does not fit into one message here.")
      : error;
  });
  const outcome = await host.broker.log.append(run, 0, merged);
  const status = await statusThere(host, run, sha256);
  if (status !== undefined) return { id: run.id, status, recorded, isNew: true };
  const cause = outcome.status === "unknown" ? { cause: outcome.cause } : {};
  throw new BrokerError(`Run ${run.id} is not wholly imported. Import it again.`, cause);
}

/**
 * What this very import gave; nothing while it is to be done.
 * @throws {@link RunExistsError} when the id is another run's.
 */
async function statusThere(
  { broker: { log } }: ArchiveHost,
  run: RunRef,
  sha256: string,
): Promise<FrameStatus | undefined> {
  const [submission, { frame }] = await Promise.all([
    readSubmission(log, run),
    readSureHead(log, run),
  ]);
  const isSame = submission?.imported?.sha256 === sha256;
  if (submission !== undefined ? !isSame : frame !== undefined) throw new RunExistsError(run.id);
  return frame?.status;
}

/** The run with its blobs in the store of this connection. */
async function withBlobs({ payloads }: ArchiveHost, bundle: Bundle): Promise<RecordedRun> {
  if (bundle.blobs.length === 0) return bundle;
  const places = new Map<string, BlobRef>();
  for (const { ref, bytes } of bundle.blobs) {
    places.set(`${ref.store} ${ref.key}`, await payloads.storeFile(bytes));
  }
  const moved = async (payload: Payload): Promise<Payload> => {
    if (payload.blob === undefined) return payload;
    const blob = places.get(`${payload.blob.store} ${payload.blob.key}`);
    return blob === undefined ? payload : { ...payload, blob };
  };
  const stored = await changeRun(bundle.stored, {
    payload: moved,
    text: (text) => text,
    foreign: (data) => data,
  });
  return recordedIn({ stored });
}

async function putSubmission(
  { broker: { log }, payloads }: ArchiveHost,
  run: RunRef,
  submission: Submission,
): Promise<void> {
  const { archived: _, ...asked } = submission;
  const marked = { ...asked, isKeyNew: false, replyTo: "" };
  let bytes = encodeSubmission(marked);
  if (bytes.length > log.maxMessageBytes) {
    bytes = encodeSubmission({ ...marked, input: await asBlob(marked.input, 0, payloads) });
  }
  const outcome = await log.submit(run, submission.queue, bytes);
  if (outcome.status === "unknown") {
    const { cause } = outcome;
    throw new BrokerError(`It is not known whether run ${run.id} was imported. Try again.`, {
      cause,
    });
  }
  if (outcome.status === "written") return;
  // A part of this import was done before, or somebody else was faster.
  const found = await readSubmission(log, run);
  if (found?.imported?.sha256 !== submission.imported?.sha256) throw new RunExistsError(run.id);
}

/** All that says something to a flow. Whoever wants to be told of the run's end is told where it was recorded. */
async function putInputs(
  { broker: { log } }: ArchiveHost,
  run: RunRef,
  { submission: { queue }, inbox }: RecordedRun,
): Promise<ReadonlyMap<number, number>> {
  const now = new Map<number, number>();
  for (const { sequence, data } of inbox) {
    const decoded = decodeInput(data);
    if (decoded.kind !== "ok") continue;
    const { type } = decoded.value.body;
    if (type === "Wake" || type === "Watch") continue;
    now.set(sequence, await log.put(run, queue, data));
  }
  return now;
}

/** In place of the last frame: the same in the importer's name, and the one that parks what is open. */
function lastFrames(
  { frames, submission }: RecordedRun,
  namespace: string,
  at: number,
): readonly RecordedFrame[] {
  const writer = `${IMPORTER}${namespace}`;
  const last = frames.at(-1);
  const { queue } = submission;
  if (last !== undefined && isClosed(last.status)) return [{ ...last, writer, queue }];
  const none = { sequence: 1, prev: 0, epoch: 1, inboxFolded: 0, annotated: 0 };
  const expected = `namespace ${namespace}`;
  const parked = { type: "Parked", at, reason: "imported", expected, asked: "", step: "" } as const;
  const parks = { writer, status: "parked", token: 0, queue, events: [parked] } as const;
  return last === undefined ? [{ ...none, ...parks }] : [last, { ...last, ...parks }];
}
