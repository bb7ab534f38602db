import { type Duration, toMilliseconds } from "../engine/duration.ts";
import {
  ResultTimeoutError,
  RunCancelledError,
  RunCrashedError,
  RunFailedError,
  RunNotFoundError,
} from "../engine/run-errors.ts";
import { InvalidNameError, InvalidOptionError } from "../engine/usage-errors.ts";
import { type AnyIterable, Outcomes, workOnEach } from "./outcomes.ts";
import type { RunHandle } from "./run-handle.ts";

export interface ResultsOptions {
  /** How long to wait for each run. Default: until it has ended. */
  readonly timeout?: Duration;
  /** Runs waited for at once, at most. Default 10,000. */
  readonly concurrency?: number;
  /** Ends the iteration with its reason. The runs go on. */
  readonly signal?: AbortSignal;
}

/** How one of many runs ended, or why that is not known. */
export type RunResult<Output = unknown> =
  | { readonly id: string; readonly status: "completed"; readonly output: Output }
  | {
      readonly id: string;
      /** `timeout`: it did not end within the time given. */
      readonly status: "failed" | "crashed" | "cancelled" | "not-found" | "timeout";
      readonly error: Error;
    };

/** Waits for many runs, and tells of each as it ends. */
export function results<Output>(
  runs: AnyIterable<RunHandle<Output> | string>,
  attach: (id: string) => RunHandle<Output>,
  options: ResultsOptions,
): Outcomes<RunResult<Output>> {
  const { timeout, concurrency = RESULTS_DEFAULTS.concurrency, signal } = options;
  if (timeout !== undefined) toMilliseconds(timeout); // Refuses it here, not once for each run.
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new InvalidOptionError("concurrency", concurrency, "give a whole number from 1");
  }
  const wait = {
    ...(timeout === undefined ? {} : { timeout }),
    ...(signal === undefined ? {} : { signal }),
  };
  const resultOf = async (run: RunHandle<Output> | string): Promise<Waited<Output>> => {
    const id = typeof run === "string" ? run : run.id;
    try {
      const handle = typeof run === "string" ? attach(run) : run;
      return { result: { id, status: "completed", output: await handle.result(wait) } };
    } catch (error) {
      const status = statusOf(error);
      return status === undefined
        ? { failure: { error } }
        : { result: { id, status, error: error as Error } };
    }
  };
  return new Outcomes(async function* () {
    for await (const waited of workOnEach(runs, resultOf, { concurrency, order: "ends", signal })) {
      // The connection is closed, or the wait was aborted: that is no run's doing.
      if ("failure" in waited) throw waited.failure.error;
      yield waited.result;
    }
    return undefined;
  });
}

const RESULTS_DEFAULTS = Object.freeze({ concurrency: 10_000 } satisfies ResultsOptions);

type Waited<Output> =
  | { readonly result: RunResult<Output> }
  | { readonly failure: { readonly error: unknown } };

function statusOf(error: unknown): Exclude<RunResult["status"], "completed"> | undefined {
  if (error instanceof RunFailedError) return "failed";
  if (error instanceof RunCrashedError) return "crashed";
  if (error instanceof RunCancelledError) return "cancelled";
  if (error instanceof ResultTimeoutError) return "timeout";
  if (error instanceof RunNotFoundError || error instanceof InvalidNameError) return "not-found";
  return undefined;
}
