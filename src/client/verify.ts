import type { ArchiveHost } from "../archive/archive-host.ts";
import { blobsOf } from "../bundle/carry-blobs.ts";
import { ArchiveFileError } from "../engine/archive-errors.ts";
import type { ArchivedEvent } from "../engine/archived-event.ts";
import type { FrameStatus } from "../engine/frame.ts";
import {
  BlobDamagedError,
  BlobMissingError,
  PayloadUnreadableError,
} from "../engine/payload-errors.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { type RunStatus, runStatus } from "../engine/run-status.ts";
import { FORKER } from "../engine/submission.ts";
import type { Flaw } from "../history/flaw.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { archiveFlaws } from "../history/verify/archive-rules.ts";
import { linkFrames } from "../history/verify/link-frames.ts";
import { type VerifiableRun, verifyRun } from "../history/verify-run.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { checkFrame } from "../wire/frame-checksum.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import { runOfSubject } from "../wire/run-of-subject.ts";
import type { ClientHost } from "./client-host.ts";
import { Outcomes, workOnEach } from "./outcomes.ts";
import { readRecordedRun } from "./recorded-runs.ts";

/** How a run is verified. */
export interface VerifyOptions {
  /** Fetches each blob that the run names, too, and compares it with its SHA-256. Default: no. */
  readonly blobs?: boolean;
}

/** What was found when a run was verified. */
export interface Verdict {
  readonly id: string;
  /** Where it is recorded. */
  readonly source: "log" | "archive";
  readonly status: RunStatus;
  /** How many frames its history has that can be read. */
  readonly frames: number;
  /** How many of them have no checksum: they are large, or of an older version. A changed value in them cannot be found. */
  readonly unchecked: number;
  /** In the order of its history; empty for a sound run. */
  readonly flaws: readonly Flaw[];
}

/**
 * Verifies one run.
 * @throws {@link RunNotFoundError}, {@link BrokerError}, {@link BlobStoreError}
 */
export async function verifyOne(
  host: ArchiveHost,
  run: RunRef,
  options: VerifyOptions = {},
): Promise<Verdict> {
  const verdict = await verifySubmitted(host, run, options);
  if (verdict !== undefined) return verdict;
  const { frame } = await readHead(host.broker.log, run);
  const orphan = frame === undefined ? undefined : withoutSubmission(run, frame);
  if (orphan === undefined) throw new RunNotFoundError(run.id, host.broker.log.namespace);
  return orphan;
}

/** The verdict on a run; nothing when there is no submission that can be read. */
async function verifySubmitted(
  host: ArchiveHost,
  run: RunRef,
  options: VerifyOptions,
): Promise<Verdict | undefined> {
  try {
    const read = await readRecordedRun(host, run);
    return read === undefined ? undefined : await verdictOf(read, host.payloads, options);
  } catch (error) {
    if (!(error instanceof ArchiveFileError)) throw error;
    const { frame } = await readHead(host.broker.log, run);
    const flaw = {
      kind: "archive",
      sequence: frame?.sequence ?? 0,
      sentence: error.message,
    } as const;
    const status = statusOf(frame);
    return { id: run.id, source: "archive", status, frames: 0, unchecked: 0, flaws: [flaw] };
  }
}

/** The verdict on a run that was read, wherever that was. @throws {@link BlobStoreError} */
export async function verdictOf(
  run: VerifiableRun & { readonly archived?: ArchivedEvent | undefined },
  payloads: Payloads,
  { blobs = false }: VerifyOptions,
): Promise<Verdict> {
  const { archived, stored, submission } = run;
  const flaws = [
    ...verifyRun(run),
    ...(archived === undefined ? [] : archiveFlaws(archived, run)),
    ...(blobs ? await blobFlaws(run, payloads) : []),
  ];
  const { frames } = linkFrames(run);
  const readable = new Set(frames.map(({ sequence }) => sequence));
  const unchecked = (stored?.history ?? []).filter(
    ({ sequence, data }) => readable.has(sequence) && checkFrame(data) === "none",
  );
  return {
    id: submission.runId,
    source: archived === undefined ? "log" : "archive",
    status: statusOf(frames.at(-1)),
    frames: frames.length,
    unchecked: unchecked.length,
    flaws,
  };
}

/** Verifies every run of the namespace, a few at once, each once: in no particular order, and with bounded memory. */
export function verifyEach(host: ClientHost, options: VerifyAllOptions): Outcomes<Verdict> {
  const { signal } = options;
  const verify = async (candidate: Candidate): Promise<Verdict | undefined> => {
    // Garbage in the place of a submission is no run; a history that has no other one is told of by its head.
    if (!candidate.isHead) return verifySubmitted(host, candidate.run, options);
    const { run, data, sequence } = candidate;
    const decoded = decodeFrame(data);
    const queue = decoded.kind === "ok" ? decoded.value.queue : run.flow;
    if ((await readSubmission(host.broker.log, run, queue)) !== undefined) return undefined;
    return decoded.kind === "ok"
      ? withoutSubmission(run, { ...decoded.value, sequence })
      : undefined;
  };
  const caught = (candidate: Candidate): Promise<Verified> =>
    verify(candidate).then(
      (verdict) => ({ verdict }),
      (error: unknown) => ({ error }),
    );
  return new Outcomes(async function* () {
    const work = { concurrency: AT_ONCE, order: "ends", signal } as const;
    for await (const verified of workOnEach(candidates(host, signal), caught, work)) {
      if ("error" in verified) throw verified.error;
      if (verified.verdict !== undefined) yield verified.verdict;
    }
    return undefined;
  });
}

export interface VerifyAllOptions extends VerifyOptions {
  readonly signal?: AbortSignal;
}

type Verified = { readonly verdict: Verdict | undefined } | { readonly error: unknown };

/** A submission; or a history, of which only is asked whether there is a submission to it. */
type Candidate =
  | { readonly isHead: false; readonly run: RunRef }
  | {
      readonly isHead: true;
      readonly run: RunRef;
      readonly data: Uint8Array;
      readonly sequence: number;
    };

async function* candidates(
  { broker }: ClientHost,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<Candidate> {
  const { feed, log } = broker;
  for (let partition = 0; partition < feed.partitions; partition++) {
    const { last } = await feed.extent(partition);
    if (last === 0) continue;
    const kinds = ["new"] as const;
    for await (const batch of feed.read(partition, 0, { signal, kinds, upTo: last })) {
      for (const message of batch) {
        const run = runOfSubject(message, feed.layers);
        if (run !== undefined) yield { isHead: false, run };
      }
    }
  }
  for await (const { run, head } of log.heads()) {
    yield { isHead: true, run, data: head.data, sequence: head.sequence };
  }
}

/** Two look-ups each and some work: more would only wait. */
const AT_ONCE = 16;

/** A copied history whose submission was never written is no run yet. */
function withoutSubmission(
  run: RunRef,
  frame: { readonly sequence: number; readonly status: FrameStatus; readonly writer: string },
): Verdict | undefined {
  const { sequence, writer } = frame;
  if (writer.startsWith(FORKER)) return undefined;
  const sentence = `Run ${run.id} has a history up to frame ${sequence}, and its submission is gone or cannot be read.`;
  const flaws = [{ kind: "submission", sequence, sentence }] as const;
  const status = statusOf(frame);
  return { id: run.id, source: "log", status, frames: 0, unchecked: 0, flaws };
}

function statusOf(frame: { readonly status: FrameStatus } | undefined): RunStatus {
  return frame === undefined ? "pending" : runStatus(frame.status);
}

async function blobFlaws(run: VerifiableRun, payloads: Payloads): Promise<readonly Flaw[]> {
  const flaws: Flaw[] = [];
  for (const ref of blobsOf(run)) {
    try {
      await payloads.fetchFile(ref);
    } catch (error) {
      const isMissing =
        error instanceof BlobMissingError || error instanceof PayloadUnreadableError;
      if (!isMissing && !(error instanceof BlobDamagedError)) throw error;
      const kind = isMissing ? "missing-blob" : "altered-blob";
      flaws.push({ kind, sequence: 0, sentence: error.message });
    }
  }
  return flaws;
}
