import type { CloudEvent, RunEventData } from "../../engine/cloud-event.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { runStatus, statusBeforeStart } from "../../engine/run-status.ts";
import { InvalidNameError } from "../../engine/usage-errors.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { readHead } from "../../history/run-head.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * Whether a run is still where an event says that it came to, in the same activation: asked of its head, because what is told
 * of it may be late.
 * @throws {@link BrokerError}
 */
export async function isStillSo(
  { log }: Pick<Broker, "log">,
  clock: Clock,
  { data }: CloudEvent,
): Promise<boolean> {
  const { run: id, status, epoch } = (data ?? {}) as Partial<RunEventData>;
  if (id === undefined) return false;
  try {
    const run = parseRunId(id);
    const { frame } = await readHead(log, run);
    if (frame !== undefined) return runStatus(frame.status) === status && frame.epoch === epoch;
    const submission = await readSubmission(log, run);
    return submission !== undefined && statusBeforeStart(submission, clock.now()) === status;
  } catch (error) {
    if (error instanceof InvalidNameError) return false;
    throw error;
  }
}
