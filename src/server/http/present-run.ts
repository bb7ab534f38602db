import type { RunHandle } from "../../client/run-handle.ts";
import type { RunJson } from "../../client/run-summary.ts";
import { BrokerError } from "../../engine/usage-errors.ts";
import type { RunRow } from "../../projections/run-row.ts";
import type { RunStore } from "../../projections/run-store.ts";
import { runJson } from "../run-json.ts";
import { runOfLog } from "./run-of-log.ts";

/**
 * A run as it is now: from the projection, unless the log is ahead of it. So whoever has just submitted a run, or has got its
 * result, does not find an older state. With the broker away it is what the projection has.
 * @throws {@link RunNotFoundError}, {@link BrokerError}
 */
export async function presentRun(store: RunStore, handle: RunHandle): Promise<RunJson> {
  const row = await store.view.row(handle.id);
  // A row without submission is only something in an inbox.
  const known = row === undefined || row.submissionSequence === 0 ? undefined : row;
  try {
    const { sequence } = await handle.state();
    return known !== undefined && isOf(known, sequence) ? runJson(known) : await runOfLog(handle);
  } catch (error) {
    if (known !== undefined && error instanceof BrokerError) return runJson(known);
    throw error;
  }
}

/** True when the row has folded everything up to there. */
function isOf({ headSequence, submissionSequence }: RunRow, sequence: number): boolean {
  return sequence <= Math.max(headSequence, submissionSequence);
}
