import type { StepInfo } from "../../definition/task.ts";
import type { Duration } from "../../engine/duration.ts";

/** What stands in for the functions of steps, and what was called. */
export class StandIns {
  readonly #byName = new Map<string, unknown>();
  readonly #calls: MadeCall[] = [];

  set(name: string, standIn: unknown): void {
    this.#byName.set(name, standIn);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The calls of one name, or all, in the order in which they were made. */
  calls(name?: string): readonly Call[] {
    return this.#calls.filter((call) => name === undefined || call.name === name);
  }

  /** The name by which a step was called, if it was. */
  nameOf(run: string, step: string): string | undefined {
    return this.#calls.findLast((call) => call.run === run && call.step === step)?.name;
  }

  /** Notes a call of a step's function. */
  note(name: string, input: unknown, info: StepInfo): MadeCall {
    const { runId: run, step, attempt, idempotencyKey } = info;
    const call: MadeCall = { name, run, step, attempt, idempotencyKey, input, outcome: undefined };
    this.#calls.push(call);
    return call;
  }

  /** What the stand-in of this name gives. @throws what it throws, and the stand-in itself if it is an error. */
  answer(name: string, input: unknown, info: TestStepInfo): unknown {
    const standIn = this.#byName.get(name);
    if (standIn instanceof Error) throw standIn;
    return typeof standIn === "function" ? standIn(input, info) : standIn;
  }
}

/** What stands in for a flow or a task: a function in place of its own, the value that it gives, or the error that it throws. */
export type StandIn<Input, Output> =
  | ((input: Input, info: TestStepInfo) => Output | Promise<Output>)
  | Output
  | Error;

/** What a stand-in is told about the attempt that it answers. */
export interface TestStepInfo extends StepInfo {
  /** Lets the attempt take so long by the engine's clock, in no time of the machine's. */
  takes(duration: Duration): Promise<void>;
}

/** One attempt of a step: its function, or what stands in for it, was called. */
export interface Call<Input = unknown, Output = unknown> {
  /** Of the task, the flow, or the inline step. */
  readonly name: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** Nothing for an inline step. */
  readonly input: Input;
  /** Nothing while it goes on, and for ever if its worker crashed meanwhile. */
  readonly outcome: CallOutcome<Output> | undefined;
}

export type CallOutcome<Output> = { readonly value: Output } | { readonly error: unknown };

interface MadeCall extends Omit<Call, "outcome"> {
  outcome: CallOutcome<unknown> | undefined;
}
