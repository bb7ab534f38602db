import { RunNotEndedError } from "../engine/run-errors.ts";
import { outcomeOf } from "../engine/run-outcome.ts";
import { valueOf } from "../history/outcome-value.ts";
import type { RecordedRun } from "../history/recorded-run.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { openOutcome } from "./open-outcome.ts";

/**
 * What a run that was read gave.
 * @throws {@link RunNotEndedError}, and for any other end than completion what {@link RunHandle.result} throws
 */
export async function recordedResult(
  { submission: { runId }, frames }: RecordedRun,
  payloads: Payloads,
): Promise<unknown> {
  const last = frames.at(-1);
  const outcome = outcomeOf(last?.events ?? []);
  if (outcome === undefined) throw new RunNotEndedError(runId, last?.status ?? "pending");
  return valueOf(runId, await openOutcome(payloads, outcome));
}
