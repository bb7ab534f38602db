import type { AnyDefinition } from "../../definition/definition.ts";
import type { FlowContext } from "../../definition/flow-context.ts";
import type { Served } from "../../definition/served.ts";
import type { StepInfo } from "../../definition/task.ts";
import { toMilliseconds } from "../../engine/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { CrashPoints } from "./crash-points.ts";
import type { GoingWork, RealWork } from "./real-work.ts";
import type { SignalWaits } from "./signal-waits.ts";
import type { StandIns, TestStepInfo } from "./stand-ins.ts";
import { type Seam, watchedContext } from "./watched-context.ts";

/** Stands between the steps of one worker and their functions: answers for them, notes the calls, and dies where it is to. */
export class StepSeam implements Seam {
  readonly waits: SignalWaits;
  readonly #parts: SeamParts;
  readonly #going = new Set<GoingWork>();
  #isDead = false;

  constructor(parts: SeamParts) {
    this.#parts = parts;
    this.waits = parts.waits;
  }

  /** The worker is dead: nobody hears of what its steps still do. */
  end(): void {
    this.#isDead = true;
    for (const work of this.#going) work.end();
  }

  /** What is served in place of what a test gave. */
  served(one: Served): Served {
    return one.kind === "flow" || one.kind === "task" ? this.definition(one) : one;
  }

  /** The definition with this between it and its functions. */
  definition<D extends AnyDefinition>(definition: D): D {
    return definition.kind === "flow" ? this.#flow(definition) : this.#task(definition);
  }

  /** Calls a step's function, or what stands in for it. */
  async call(
    name: string,
    input: unknown,
    info: StepInfo,
    itself: () => unknown,
  ): Promise<unknown> {
    const { standIns, crashes, work } = this.#parts;
    if (this.#isDead || crashes.before(name, info)) return nothing();
    const call = standIns.note(name, input, info);
    const going = work.begin();
    const end = (): void => going.end();
    this.#going.add(going);
    // Nobody waits for what was aborted, though it may go on for ever.
    info.signal.addEventListener("abort", end);
    try {
      const isStoodIn = standIns.has(name);
      const value = await (isStoodIn
        ? standIns.answer(name, input, this.#told(info, going))
        : itself());
      if (!this.#isDead) call.outcome = { value };
    } catch (error) {
      if (!this.#isDead) call.outcome = { error };
    }
    info.signal.removeEventListener("abort", end);
    this.#going.delete(going);
    const isCrash = !this.#isDead && crashes.during(name, info);
    end();
    const { outcome } = call;
    if (this.#isDead || isCrash || outcome === undefined) return nothing();
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  #flow<D extends AnyDefinition>(definition: D): D {
    const { name } = definition;
    const fn = definition.fn as (ctx: FlowContext, input: unknown) => unknown;
    const watched = (ctx: FlowContext, input: unknown): unknown =>
      this.#parts.standIns.has(name)
        ? ctx.step(name, (info) => this.call(name, input, info, nothing))
        : fn(watchedContext(ctx, this), input);
    return { ...definition, fn: watched };
  }

  #task<D extends AnyDefinition>(definition: D): D {
    const { name } = definition;
    const fn = definition.fn as (input: unknown, info: StepInfo) => unknown;
    const called = (input: unknown, info: StepInfo): unknown =>
      this.call(name, input, info, () => fn(input, info));
    const undo = definition.kind === "task" ? definition.compensate : undefined;
    if (undo === undefined) return { ...definition, fn: called };
    const undone = undo as (output: unknown, input: unknown, info: StepInfo) => unknown;
    const compensate = (output: unknown, input: unknown, info: StepInfo): unknown =>
      this.call(`${name}.compensate`, input, info, () => undone(output, input, info));
    return { ...definition, fn: called, compensate };
  }

  #told(info: StepInfo, going: GoingWork): TestStepInfo {
    const { clock } = this.#parts;
    const { runId, step, attempt, idempotencyKey, signal, log } = info;
    return {
      runId,
      step,
      attempt,
      idempotencyKey,
      signal,
      log,
      takes: (duration) =>
        new Promise((resolve) => {
          going.rest();
          clock.after(toMilliseconds(duration), () => {
            going.goOn();
            resolve();
          });
        }),
    };
  }
}

export interface SeamParts {
  /** The worker's own: it stands still when the worker is dead. */
  readonly clock: Clock;
  readonly standIns: StandIns;
  readonly crashes: CrashPoints;
  readonly work: RealWork;
  readonly waits: SignalWaits;
}

/** A dead process gives no answer. */
function nothing(): Promise<never> {
  return new Promise(() => undefined);
}
