import type { Logger } from "pino";
import type { StepInfo } from "../definition/task.ts";
import { StepTimeoutError } from "../engine/flow-errors.ts";
import type { Clock } from "../ports/clock.ts";
import { outsideFlow } from "./determinism-guard.ts";

/** One attempt of a step: runs the function, holds it to its time, and can be aborted. */
export class StepAttempt implements StepInfo {
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly #parts: StepAttemptParts;
  #controller: AbortController | undefined;
  #aborted: Error | undefined;
  #cancelTimeout: (() => void) | undefined;
  #log: Logger | undefined;
  #over = false;

  constructor(parts: StepAttemptParts) {
    this.#parts = parts;
    this.runId = parts.runId;
    this.step = parts.step;
    this.attempt = parts.attempt;
    this.startedAt = parts.clock.now();
  }

  get idempotencyKey(): string {
    return `${this.runId}/${this.step}`;
  }

  /** Made when it is first asked for: most steps never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  get log(): Logger {
    this.#log ??= this.#parts.log().child({ step: this.step, attempt: this.attempt });
    return this.#log;
  }

  /** Runs the function once and tells how it ended, unless it was aborted before. */
  run(fn: (info: StepInfo) => unknown, end: (result: AttemptResult) => void): void {
    outsideFlow(() => this.#run(fn, end));
  }

  #run(fn: (info: StepInfo) => unknown, end: (result: AttemptResult) => void): void {
    const { clock, timeoutMs } = this.#parts;
    const finish = (result: AttemptResult): void => {
      if (this.#over) return; // It was aborted, or its time was over: nobody waits for this.
      this.#over = true;
      cancelTimeout?.();
      end(result);
    };
    const cancelTimeout =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () => {
            const error = new StepTimeoutError(this.step, timeoutMs);
            finish({ ok: false, error });
            this.#abortSignal(error);
          });
    this.#cancelTimeout = cancelTimeout;
    try {
      const output = fn(this);
      if (isThenable(output)) {
        output.then(
          (value) => finish({ ok: true, value }),
          (error: unknown) => finish({ ok: false, error }),
        );
      } else finish({ ok: true, value: output });
    } catch (error) {
      finish({ ok: false, error });
    }
  }

  /** Nobody waits for it any more. */
  abort(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimeout?.();
    this.#abortSignal(reason);
  }

  #abortSignal(reason: Error): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }
}

export interface StepAttemptParts {
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  readonly log: () => Logger;
}

export type AttemptResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
