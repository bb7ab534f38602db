import type { StepInfo } from "../definition/task.ts";
import type { InputBody } from "../engine/input.ts";
import type { RetryPolicy } from "../engine/retry.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { Emitter } from "./emitter.ts";
import type { StepCache } from "./step-cache.ts";

/** What a flow asks to be run as a step. It cannot be run without the effects of a worker: a debugger has none to give. */
export interface AskedStep {
  readonly fnWith: (effects: StepEffects) => (info: StepInfo) => unknown;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | undefined;
}

/** What a step of Millrace's own making does to the world around its run. */
export interface StepEffects {
  /** Outcomes that runs share. */
  readonly cache: StepCache;
  readonly emitter: Emitter;
  /** The time of the last event before this activation, if the one before it ended without a word. */
  readonly interruptedAt: number | undefined;
  /** Sends an input to another run. */
  send(run: RunRef, body: InputBody, inputId: string): Promise<void>;
  /** Asks another run to tell this one of its end. */
  watch(run: RunRef): Promise<void>;
}
