import { createHash } from "node:crypto";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import type { ChildState } from "../engine/run-state.ts";
import type { RunLog } from "../ports/run-log.ts";
import { readSubmission } from "./read-submission.ts";

/** The key of a child for which the flow gave none: made of its parent and the command, the same in every replay. */
export function childKey(parent: RunId, command: string): string {
  return createHash("sha256").update(`${parent}\n${command}`).digest("hex").slice(0, 32);
}

/**
 * The child with the queue of its inbox, if this run is its parent. With a key that the flow gave it may be a run that somebody
 * else started, and is then not this run's to stop.
 */
export async function ownChild(
  log: RunLog,
  parent: RunId,
  child: Pick<ChildState, "id" | "runId" | "queue">,
): Promise<OwnChild | undefined> {
  const run = parseRunId(child.runId);
  if (run.key === childKey(parent, child.id)) return { run, queue: child.queue };
  const submission = await readSubmission(log, run, child.queue);
  return submission?.parent?.runId === parent ? { run, queue: submission.queue } : undefined;
}

export interface OwnChild {
  readonly run: RunRef;
  readonly queue: string;
}
