import type { Millrace } from "../../client/millrace.ts";
import { resumeRun } from "../../client/resume-run.ts";
import { checkSignal, sendSignal } from "../../client/send-signal.ts";
import { cancelRun, terminateRun } from "../../client/stop-run.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import { RunClosedError, RunNotFoundError } from "../../engine/run-errors.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { InvalidNameError } from "../../engine/usage-errors.ts";
import type { ActionOrder, ActionOutcome, OrderedAction } from "./action-order.ts";

/**
 * Signals, cancels, resumes or terminates a run. One that has ended meanwhile is nothing to repair, and is said so; one that
 * never was is a mistake in the trigger.
 * @throws {@link FatalError} when there is no such run, and what says that the broker is away.
 */
export async function actOnRun(
  millrace: Millrace,
  order: Pick<ActionOrder, "firing">,
  action: ActionOnRun,
): Promise<ActionOutcome> {
  const run = runOf(action.run);
  try {
    return await act(millrace, order.firing, run, action);
  } catch (error) {
    if (error instanceof RunClosedError) return { done: false, reason: error.message };
    if (error instanceof RunNotFoundError) throw new FatalError(error.code, error.message);
    throw error;
  }
}

/**
 * The run of an id that an expression gave.
 * @throws {@link FatalError} when it is none.
 */
export function runOf(id: string): ReturnType<typeof parseRunId> {
  try {
    return parseRunId(id);
  } catch (error) {
    if (error instanceof InvalidNameError) throw new FatalError(error.code, error.message);
    throw error;
  }
}

type ActionOnRun = Exclude<
  OrderedAction,
  { readonly kind: "publish" | "resubmit" | "cancel-children" | "impossible" }
>;

async function act(
  { host }: Millrace,
  firing: string,
  run: ReturnType<typeof parseRunId>,
  action: ActionOnRun,
): Promise<ActionOutcome> {
  const as = { inputId: `trigger/${firing}`, writer: `trigger-${firing}` };
  switch (action.kind) {
    case "signal": {
      const signal = { name: action.signal, schema: undefined };
      await sendSignal(host, run, await checkSignal(signal, action.value), firing);
      return { done: true };
    }
    case "cancel":
      await cancelRun(host, run, action.reason ?? "", as);
      return { done: true };
    case "terminate":
      await terminateRun(host, run, action.reason ?? "", as);
      return { done: true };
    case "resume": {
      if (await resumeRun(host, run, as.inputId)) return { done: true };
      return { done: false, reason: `Run ${run.id} is not parked, failed or crashed.` };
    }
  }
}
