import { CompensationFailedError } from "../engine/flow-errors.ts";
import { retryPolicy } from "../engine/retry.ts";
import type { AskedStep } from "./asked-step.ts";

/** How to undo something that was done. */
export interface Compensation {
  /** Of the step that undoes it. */
  readonly name: string;
  readonly plan: AskedStep;
}

/**
 * What one saga has done so far. Its order is the order in which outcomes were recorded, so it is the same in every replay.
 */
export class Saga {
  readonly #done: Compensation[] = [];
  readonly #going = new Set<Promise<unknown>>();

  /** It is to be undone if the saga fails from now on. */
  add(compensation: Compensation): void {
    this.#done.push(compensation);
  }

  /** A saga inside this one has succeeded: what it did is undone if this one fails. */
  adopt(inner: Saga): void {
    this.#done.push(...inner.#done);
  }

  /** Something that is to be undone once it has succeeded. */
  track<Output>(
    going: Promise<Output>,
    compensation: (output: Output) => Compensation,
  ): Promise<Output> {
    const tracked = going.then((output) => {
      this.add(compensation(output));
      return output;
    });
    const settled = tracked.catch(() => undefined).finally(() => this.#going.delete(settled));
    this.#going.add(settled);
    return tracked;
  }

  /**
   * Undoes all that was done, the last first, also what completes only now. One that fails for good does not keep the others
   * from being undone. True when there was something to undo.
   * @throws {@link CompensationFailedError} with the error that brought the saga down and all that failed.
   */
  async undo(
    run: string,
    cause: unknown,
    step: (name: string, plan: AskedStep) => Promise<unknown>,
  ): Promise<boolean> {
    const failures: unknown[] = [];
    let undone = false;
    for (;;) {
      // What was under way when the saga failed may still succeed.
      while (this.#going.size > 0) await Promise.all(this.#going);
      const last = this.#done.pop();
      if (last === undefined) break;
      undone = true;
      try {
        await step(last.name, last.plan);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new CompensationFailedError(run, cause, failures);
    return undone;
  }
}

/** For what has no policy of its own: it should succeed in the end, and somebody should see soon if it does not. */
export const COMPENSATION_RETRY = retryPolicy({
  attempts: 10,
  delays: ["1s", "5s", "15s", "30s", "1m"],
  jitter: 0.2,
});
