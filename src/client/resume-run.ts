import { archivedIn } from "../engine/archived-event.ts";
import { isResumable } from "../engine/frame.ts";
import type { InputBody } from "../engine/input.ts";
import type { RunRef } from "../engine/run-id.ts";
import { isImported } from "../engine/submission.ts";
import { putInput } from "../history/put-input.ts";
import { readHead } from "../history/run-head.ts";
import type { ClientHost } from "./client-host.ts";

/**
 * Asks a parked, failed or crashed run to go on. Asked again with the same id, it is continued once. False when there is
 * nothing to continue: the run is in another state, has no history, is in the archive, or was imported.
 * @throws {@link BrokerError}
 */
export async function resumeRun(
  host: Pick<ClientHost, "broker" | "clock">,
  run: RunRef,
  inputId: string,
): Promise<boolean> {
  const { frame } = await readHead(host.broker.log, run);
  // One that is in the archive has nothing to go on from.
  const isThere = frame !== undefined && archivedIn(frame) === undefined && !isImported(frame);
  if (!isThere || !isResumable(frame.status)) return false;
  const { queue } = frame;
  const wake: InputBody = { type: "Wake", replaces: [], resume: true, queue };
  await putInput(host, run, queue, wake, inputId);
  return true;
}
