import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { RunLog } from "../ports/run-log.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";

/** A run's submission: one literal look-up when its queue is known or is the flow's name, a search otherwise. */
export async function readSubmission(
  log: RunLog,
  run: RunRef,
  queue: string = run.flow,
): Promise<StoredSubmission | undefined> {
  const stored = (await log.submission(run, queue)) ?? (await log.submission(run));
  if (stored === undefined) return undefined;
  const decoded = decodeSubmission(stored.data);
  return decoded.kind === "ok" && decoded.value.runId === run.id
    ? { ...decoded.value, partition: stored.partition, sequence: stored.sequence }
    : undefined;
}

export interface StoredSubmission extends Submission {
  readonly partition: number;
  readonly sequence: number;
}
