import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";

/** A run's submission with the message that holds it, for whoever is to put another one in its place. */
export async function findSubmission(
  log: RunLog,
  run: RunRef,
  queue: string,
): Promise<FoundSubmission | undefined> {
  // With a priority it stands in a place of its own.
  const stored = (await log.submission(run, queue)) ?? (await log.submission(run));
  if (stored === undefined) return undefined;
  const decoded = decodeSubmission(stored.data);
  return decoded.kind === "ok" && decoded.value.runId === run.id
    ? { stored, submission: decoded.value }
    : undefined;
}

export interface FoundSubmission {
  readonly stored: Stored;
  readonly submission: Submission;
}
