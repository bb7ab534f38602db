import type { Logger } from "pino";
import type { Command } from "../engine/journal.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunEventBody } from "../engine/run-event.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeError } from "../wire/error-codec.ts";
import { encodeWithin } from "./encode-within.ts";
import type { RunTimers } from "./run-timers.ts";
import { sealEvent } from "./seal-event.ts";
import { type AttemptResult, StepAttempt } from "./step-attempt.ts";
import { retryDelayMs, type StepPlan } from "./step-plan.ts";

/** Runs the attempts of one activation's steps, and says what is to be recorded of them. */
export class StepRunner {
  readonly #parts: StepRunnerParts;
  readonly #plans = new Map<string, StepPlan>();
  readonly #running = new Map<string, StepAttempt>();

  constructor(parts: StepRunnerParts) {
    this.#parts = parts;
  }

  /** Attempts that are going on. */
  get running(): number {
    return this.#running.size;
  }

  /** The attempts that are going on, oldest first. */
  get executing(): Iterable<StepAttempt> {
    return this.#running.values();
  }

  /** How many attempts a step may have that is not over. */
  attemptsOf(id: string): number | undefined {
    return this.#plans.get(id)?.retry.attempts;
  }

  plan(id: string, plan: StepPlan): void {
    this.#plans.set(id, plan);
  }

  /** The step's outcome is known: its plan is not needed any more. */
  forget(id: string): void {
    this.#plans.delete(id);
  }

  /** Starts the next attempt of a step. */
  start(command: Command): void {
    const plan = this.#plans.get(command.id);
    if (plan === undefined) return;
    const { clock, timers, record, runId, log } = this.#parts;
    const attempt = new StepAttempt({
      runId,
      step: command.id,
      attempt: command.failedAttempts + 1,
      timeoutMs: plan.timeoutMs,
      clock,
      log,
    });
    this.#running.set(command.id, attempt);
    timers.after(command.id, LONE_EVENT_MS, () => {
      record({ type: "StepStarted", step: attempt.step, attempt: attempt.attempt });
    });
    attempt.run(plan.fn, (result) => this.#end(attempt, plan, result, clock.now()));
  }

  /** Nobody waits for this step any more. */
  abort(id: string, reason: Error): void {
    const attempt = this.#running.get(id);
    if (attempt === undefined) return;
    this.#parts.timers.cancel(id);
    this.#running.delete(id);
    attempt.abort(reason);
  }

  /** Nobody waits for what is going on any more. The reason is made only if something is: an error takes time. */
  abortAll(reason: () => Error): void {
    if (this.#running.size === 0) return;
    const why = reason();
    for (const attempt of this.#running.values()) {
      this.#parts.timers.cancel(attempt.step);
      attempt.abort(why);
    }
    this.#running.clear();
  }

  /** Records how an attempt ended, as soon as its payload may be. Until then it counts as going on. */
  #end(attempt: StepAttempt, plan: StepPlan, result: AttemptResult, endedAt: number): void {
    const { step } = attempt;
    const { seal, onDefect } = this.#parts;
    const what = `The ${result.ok ? "output" : "error"} of step ${step}`;
    // One time for both: the recorded delay is exactly the policy's.
    const sealed = sealEvent(this.#outcomeOf(attempt, plan, result, endedAt), (payload) =>
      seal(payload, what),
    );
    if (!(sealed instanceof Promise)) return this.#record(attempt, sealed, endedAt);
    sealed.then(
      (body) => this.#record(attempt, body, endedAt),
      (error: unknown) => {
        if (this.#running.get(step) !== attempt) return;
        // The codec made it too large for a message. Its error is small.
        if (result.ok) this.#end(attempt, plan, { ok: false, error }, endedAt);
        else onDefect(error);
      },
    );
  }

  #record(attempt: StepAttempt, body: RunEventBody, endedAt: number): void {
    const { step } = attempt;
    if (this.#running.get(step) !== attempt) return; // Nobody waits for it any more.
    this.#running.delete(step);
    this.#parts.timers.cancel(step);
    this.#parts.record(body, endedAt);
  }

  #outcomeOf(
    attempt: StepAttempt,
    plan: StepPlan,
    result: AttemptResult,
    endedAt: number,
  ): RunEventBody {
    const { step, startedAt } = attempt;
    const place = { step, attempt: attempt.attempt, startedAt };
    let thrown: unknown;
    if (result.ok) {
      try {
        const output = encodeWithin(
          this.#parts.maxPayloadBytes,
          result.value,
          `The output of step ${step}`,
        );
        return { type: "StepCompleted", ...place, output };
      } catch (error) {
        thrown = error;
      }
    } else thrown = result.error;
    let delayMs: number | undefined;
    try {
      delayMs = retryDelayMs(plan, attempt.attempt, thrown, Math.random());
    } catch (error) {
      thrown = new Error(`retry.when of step ${step} threw`, { cause: error });
    }
    const error = encodeError(thrown, this.#parts.maxErrorBytes);
    if (delayMs === undefined) return { type: "StepFailed", ...place, error };
    const retryAt = endedAt + delayMs;
    return { type: "StepAttemptFailed", ...place, error, retryAt };
  }
}

export interface StepRunnerParts {
  readonly runId: string;
  readonly clock: Clock;
  readonly timers: RunTimers;
  /** The largest output that can be recorded. */
  readonly maxPayloadBytes: number;
  readonly maxErrorBytes: number;
  readonly log: () => Logger;
  /** Records an event; `at` is when it happened, if not now. */
  readonly record: (body: RunEventBody, at?: number) => void;
  /** A payload as it may be recorded. */
  readonly seal: (payload: Payload, what: string) => Payload | Promise<Payload>;
  /** Something failed that must not: the run is better off elsewhere. */
  readonly onDefect: (error: unknown) => void;
}

/** An event that can wait for company waits so long. */
export const LONE_EVENT_MS = 100;
