import type { RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { readSubmission } from "../history/read-submission.ts";
import type { ClientHost } from "./client-host.ts";
import type { Patience } from "./patience.ts";

/** Stores a submission. True when it is ours, false when the key was taken. @throws {@link BrokerError} when nothing is confirmed. */
export async function publishSubmission(
  host: ClientHost,
  run: RunRef,
  sent: { readonly submission: Submission; readonly place: string; readonly bytes: Uint8Array },
  patience: Patience,
): Promise<boolean> {
  const { broker } = host;
  const { submission, place, bytes } = sent;
  const { submissionId, isKeyNew } = submission;
  for (let tries = 0; ; tries++) {
    const outcome = await broker.log.submit(run, place, bytes, isKeyNew);
    if (outcome.status === "written") return true;
    if (outcome.status === "conflict") {
      // It may be our own, whose ack was lost.
      if (tries === 0) return false;
      const stored = await patience.ask(() => readSubmission(host.broker.log, run, place));
      return stored?.submissionId === submissionId;
    }
    if (patience.isOver) {
      throw new BrokerError(
        `The submission of ${run.id} was not confirmed. Submit it again with the same key: it runs once.`,
        { cause: outcome.cause },
      );
    }
    await patience.pause();
  }
}
