import type { RunHandle } from "../../client/run-handle.ts";
import type { RunJson } from "../../client/run-summary.ts";
import { isClosed } from "../../engine/frame.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { attributesJson } from "../run-json.ts";
import { given } from "./given.ts";

/**
 * A run that the projection does not have yet, as the log shows it. What takes a fold of the whole family is left at its
 * beginning: it has just been submitted.
 * @throws {@link RunNotFoundError}
 */
export async function runOfLog(handle: RunHandle): Promise<RunJson> {
  const details = await handle.details();
  const { id, status, queue, epoch, takeOvers, parent, progress, parked, error } = details;
  const { flow, key } = parseRunId(id);
  return {
    id,
    flow,
    key,
    queue,
    status,
    epoch,
    takeOvers,
    closed: isClosed(status),
    root: parent ?? id,
    depth: parent === undefined ? 0 : 1,
    submittedAt: details.submittedAt.toISOString(),
    updatedAt: (details.closedAt ?? details.startedAt ?? details.submittedAt).toISOString(),
    crashes: takeOvers,
    // What a worker has begun is no wait.
    waits: details.worker === "" ? [...details.waitingFor] : [],
    tags: [...new Set(details.tags)],
    attributes: attributesJson(details.attributes),
    archived: false,
    ...given({
      parent,
      startAt: details.startAt?.toISOString(),
      deadlineAt: details.deadlineAt?.toISOString(),
      startedAt: details.startedAt?.toISOString(),
      closedAt: details.closedAt?.toISOString(),
      worker: details.worker === "" ? undefined : details.worker,
      version: details.version === "" ? undefined : details.version,
      progress,
      parked: parked?.reason,
      cancelReason: details.cancelReason,
      error:
        error === undefined
          ? undefined
          : { name: error.name, message: error.message, fingerprint: "" },
    }),
  };
}
