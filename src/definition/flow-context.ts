import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Logger } from "pino";
import type { Duration } from "../engine/duration.ts";
import type { RetryOptions } from "../engine/retry.ts";
import type { StepInfo, Task } from "./task.ts";

/**
 * All that a flow may use and await. Each call that gives a promise is durable: its outcome is in the history before the
 * flow sees it, and a replay gets the same outcome without running anything.
 */
export interface FlowContext {
  readonly runId: string;
  /** 1, and one more each time the run was continued by hand after it had failed or crashed. */
  readonly attempt: number;
  readonly tags: readonly string[];
  /** Silent while the run is replayed. */
  readonly log: Logger;

  /** Runs a task as a step of this run, in this worker. Throws what its last attempt threw, rebuilt. */
  run<Input, Output, Wire>(
    task: Task<Input, Output, Wire>,
    ...args: StepArguments<Wire>
  ): Promise<Output>;
  /**
   * Runs another flow's code inside this run, its steps under `<flow>#<n>/`. A schema of its input must check without
   * waiting for anything: here it is part of the replay.
   */
  run<Input, Output, Wire>(
    flow: Flow<Input, Output, Wire>,
    ...args: undefined extends Wire ? [input?: NoInfer<Wire>] : [input: NoInfer<Wire>]
  ): Promise<Output>;
  /** An inline step: a function with a name. */
  step<Output>(
    name: string,
    fn: (info: StepInfo) => Promise<Output> | Output,
    options?: StepOptions,
  ): Promise<Output>;
  /** Waits, at least so long. The end is recorded: a take-over waits for the rest only. */
  sleep(duration: Duration): Promise<void>;
  /** Waits until a time: a `Date` or milliseconds since 1970. */
  sleepUntil(time: Date | number): Promise<void>;
  /** Calls `fn` for each item, at most `concurrency` at a time, and gives the outcomes in the items' order. */
  all<Item, Output>(
    items: Iterable<Item>,
    fn: (item: Item, index: number) => Promise<Output>,
    options?: { readonly concurrency?: number },
  ): Promise<Output[]>;

  /** Milliseconds since 1970, as of the last event that the flow has seen: the same in every replay. */
  now(): number;
  /** A number in [0, 1), the same in every replay. Not for secrets. */
  random(): number;
  /** A version 4 UUID, the same in every replay. Not for secrets. */
  uuid(): string;
}

type StepArguments<Wire> = undefined extends Wire
  ? [input?: NoInfer<Wire>, overrides?: StepOverrides]
  : [input: NoInfer<Wire>, overrides?: StepOverrides];

/** How an inline step is tried. Default: one attempt, no time limit. */
export interface StepOptions {
  readonly retry?: RetryOptions;
  readonly timeout?: Duration;
}

/** What one call of a task changes of its definition. `name` takes the task's place in the step's id. */
export interface StepOverrides extends StepOptions {
  readonly name?: string;
}

/** A named async function whose progress is durable. */
export interface Flow<Input = unknown, Output = unknown, Wire = Input> {
  readonly kind: "flow";
  readonly name: string;
  readonly fn: FlowFunction<Input, Output>;
  readonly input: StandardSchemaV1<Wire, Input> | undefined;
  readonly queue: string;
  readonly crashLimit: number;
}

export type FlowFunction<Input, Output> = (
  ctx: FlowContext,
  input: Input,
) => Promise<Output> | Output;
