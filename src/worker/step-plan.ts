import type { StepInfo } from "../definition/task.ts";
import { FatalError, RetryAfter } from "../engine/flow-errors.ts";
import { MillraceError } from "../engine/millrace-error.ts";
import { nextDelayMs, type RetryPolicy } from "../engine/retry.ts";

/** What a step runs, and how often. */
export interface StepPlan {
  readonly fn: (info: StepInfo) => unknown;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | undefined;
}

/** The delay before the next attempt, or nothing when there is none. `error` may be replaced by what `when` threw. */
export function retryDelayMs(
  plan: StepPlan,
  attempt: number,
  error: unknown,
  random01: number,
): number | undefined {
  const { retry } = plan;
  if (error instanceof FatalError || (error instanceof MillraceError && error.fatal))
    return undefined;
  if (attempt >= retry.attempts || !retry.when(error)) return undefined;
  return error instanceof RetryAfter ? error.delayMs : nextDelayMs(retry, attempt, random01);
}
