import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import type { ClientHost } from "./client-host.ts";

/** A run's submission: one literal look-up when its queue is known or is the flow's name, a search otherwise. */
export async function readSubmission(
  host: ClientHost,
  run: RunRef,
  queue: string = run.flow,
): Promise<StoredSubmission | undefined> {
  const { log } = host.broker;
  const stored = (await log.submission(run, queue)) ?? (await log.submission(run));
  if (stored === undefined) return undefined;
  const decoded = decodeSubmission(stored.data);
  return decoded.kind === "ok" ? { ...decoded.value, sequence: stored.sequence } : undefined;
}

export interface StoredSubmission extends Submission {
  readonly sequence: number;
}
