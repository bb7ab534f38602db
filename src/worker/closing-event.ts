import { CancelledError } from "../engine/flow-errors.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunEventBody } from "../engine/run-event.ts";
import { encodeError } from "../wire/error-codec.ts";
import type { AttemptResult } from "./step-attempt.ts";

/** The event by which a run closes when its function has ended. */
export function closingEvent(outcome: AttemptResult, run: ClosingRun): RunEventBody {
  if (run.wasCancelled && (outcome.ok || isCancellation(outcome.error, run.id))) {
    return { type: "Cancelled", reason: run.cancelReason };
  }
  let thrown: unknown;
  if (outcome.ok) {
    try {
      return { type: "Completed", output: run.encode(outcome.value) };
    } catch (error) {
      thrown = error;
    }
  } else thrown = outcome.error;
  const error = encodeError(thrown, run.maxErrorBytes);
  return { type: "Failed", error, step: stepBehind(thrown, run.stepOf) };
}

/** What is known of a run whose function has ended. */
export interface ClosingRun {
  readonly id: string;
  /** The flow was told to stop. One that never heard of it has completed. */
  readonly wasCancelled: boolean;
  readonly cancelReason: string;
  readonly maxErrorBytes: number;
  readonly encode: (output: unknown) => Payload;
  /** The step that an error came from, if it came from one. */
  readonly stepOf: (error: Error) => string | undefined;
}

/** Causes deeper than this are not looked at. */
const MAX_DEPTH = 16;

/** An error and what caused it, the error first. */
export function causesOf(thrown: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = thrown; at instanceof Error && causes.length < MAX_DEPTH; at = at.cause) {
    causes.push(at);
  }
  return causes;
}

/** The cancellation itself, or something that was thrown because of it. */
function isCancellation(thrown: unknown, run: string): boolean {
  return causesOf(thrown).some((at) => at instanceof CancelledError && at.runId === run);
}

/** The step whose failure the flow let through, itself or as a cause. */
function stepBehind(thrown: unknown, stepOf: ClosingRun["stepOf"]): string {
  for (const at of causesOf(thrown)) {
    const step = stepOf(at);
    if (step !== undefined) return step;
  }
  return "";
}
