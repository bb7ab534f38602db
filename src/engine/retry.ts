import { type Duration, toMilliseconds } from "./duration.ts";
import { InvalidOptionError } from "./usage-errors.ts";

/** How often, when and after which delay a task is tried again after it threw. Crashes have a budget of their own. */
export interface RetryOptions {
  /** Attempts in all, the first one included. Default 1: no retry. */
  readonly attempts?: number;
  /** The delay before each further attempt; the last one repeats. Default: `backoff`. */
  readonly delays?: readonly Duration[];
  /** Growing delays: `initial × factor^(n-1)`, at most `max`. Default 1 s, factor 2, max 5 min. */
  readonly backoff?: {
    readonly initial?: Duration;
    readonly factor?: number;
    readonly max?: Duration;
  };
  /** Each delay is spread by up to this share of it, both ways: 0.2 gives 80 % to 120 %. From 0 to 1, default 0. */
  readonly jitter?: number;
  /** Whether this error is worth another attempt. Default: all are. A `FatalError` never is. */
  readonly when?: (error: unknown) => boolean;
}

/** {@link RetryOptions} with every default filled in and every duration in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delayMs: (failedAttempt: number) => number;
  readonly jitter: number;
  readonly when: (error: unknown) => boolean;
}

/** @throws {@link InvalidOptionError} for a policy that cannot work. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  const attempts =
    options.attempts ?? (options.delays === undefined ? 1 : options.delays.length + 1);
  if (attempts !== Number.POSITIVE_INFINITY && (!Number.isInteger(attempts) || attempts < 1)) {
    throw new InvalidOptionError(
      "retry.attempts",
      attempts,
      "give a whole number from 1, or Infinity",
    );
  }
  const jitter = options.jitter ?? 0;
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new InvalidOptionError("retry.jitter", jitter, "give a share from 0 to 1");
  }
  return { attempts, jitter, delayMs: delays(options), when: options.when ?? (() => true) };
}

/** The delay after a failed attempt (1, 2, …), spread by the policy's jitter; `random01` is in [0, 1). */
export function nextDelayMs(policy: RetryPolicy, failedAttempt: number, random01: number): number {
  const spread = 1 + policy.jitter * (2 * random01 - 1);
  return Math.round(policy.delayMs(failedAttempt) * spread);
}

function delays(options: RetryOptions): (failedAttempt: number) => number {
  if (options.delays !== undefined) {
    const list = options.delays.map(toMilliseconds);
    const last = list.at(-1);
    if (last === undefined) {
      throw new InvalidOptionError(
        "retry.delays",
        "[]",
        "name at least one delay, or leave it out",
      );
    }
    return (failedAttempt) => list[failedAttempt - 1] ?? last;
  }
  const initial = toMilliseconds(options.backoff?.initial ?? "1s");
  const max = toMilliseconds(options.backoff?.max ?? "5m");
  const factor = options.backoff?.factor ?? 2;
  if (!(factor >= 1 && factor < Number.POSITIVE_INFINITY)) {
    throw new InvalidOptionError("retry.backoff.factor", factor, "give a number from 1");
  }
  // After enough attempts the power is infinite, and infinity times no delay is not a number.
  if (initial === 0) return () => 0;
  return (failedAttempt) => Math.min(max, initial * factor ** (failedAttempt - 1));
}
