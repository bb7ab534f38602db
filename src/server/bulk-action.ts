import { createHash } from "node:crypto";
import type { ClientHost } from "../client/client-host.ts";
import { forkRun } from "../client/fork.ts";
import { resumeRun } from "../client/resume-run.ts";
import { openQueueOf } from "../client/send-signal.ts";
import { cancelRun, terminateRun } from "../client/stop-run.ts";
import type { BulkJobRecord } from "../engine/bulk-job.ts";
import type { InputBody } from "../engine/input.ts";
import { RunClosedError, RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import { putInput } from "../history/put-input.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import type { Broker } from "../ports/broker.ts";
import { decodeInput } from "../wire/input-codec.ts";

/**
 * Does to one run what a job is for. Done twice it has one effect, for the input has an id that is made of the job and the
 * run. With `isRepeat` a run that this job has asked before counts as asked, whatever has become of it since.
 * @throws what keeps the run from being asked.
 */
export async function actOn(
  host: ClientHost,
  { id: job, action }: Pick<BulkJobRecord, "id" | "action">,
  runId: string,
  isRepeat: boolean,
): Promise<"done" | "skipped"> {
  const run = parseRunId(runId);
  const inputId = `bulk/${job}/${runId}`;
  const as = { inputId, writer: `client-bulk-${job}` };
  if (action.type === "rerun" || action.type === "fork") {
    const from = action.type === "fork" ? { from: action.from } : {};
    await forkRun(host, run, { ...from, key: forkKey(job, runId) });
    return "done";
  }
  if (isRepeat && (await wasPut(host.broker, run, inputId))) return "done";
  try {
    switch (action.type) {
      case "cancel":
        await cancelRun(host, run, action.reason, as);
        return "done";
      case "terminate":
        await terminateRun(host, run, action.reason, as);
        return "done";
      case "resume":
        return (await resumeRun(host, run, inputId)) ? "done" : "skipped";
      case "signal": {
        const { name, payload } = action;
        const body: InputBody = { type: "Signal", name, payload };
        await putInput(host, run, await openQueueOf(host, run), body, inputId);
        return "done";
      }
    }
  } catch (error) {
    if (error instanceof RunClosedError) return "skipped";
    throw error;
  }
}

/** The key of what a job makes of a run: the same each time, so it is made once. */
function forkKey(job: string, runId: string): string {
  return `${job}-${createHash("sha256").update(runId).digest("hex").slice(0, 32)}`;
}

/** True for a run that this very job made: found by its own query if the clocks of replicas differ. */
export function isMadeBy(job: string, runId: string): boolean {
  return parseRunId(runId).key.startsWith(`${job}-`);
}

async function wasPut({ log }: Broker, run: RunRef, inputId: string): Promise<boolean> {
  const { frame } = await readHead(log, run);
  const queue = frame?.queue ?? (await readSubmission(log, run))?.queue;
  if (queue === undefined) throw new RunNotFoundError(run.id, log.namespace);
  const inbox = await log.inbox(run, queue, 0);
  return inbox.some(({ data }) => {
    const decoded = decodeInput(data);
    return decoded.kind === "ok" && decoded.value.inputId === inputId;
  });
}
