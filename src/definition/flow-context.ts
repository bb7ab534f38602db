import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Logger } from "pino";
import type {
  AttributeOf,
  AttributesOf,
  AttributeType,
  AttributeTypes,
} from "../engine/attributes.ts";
import type { Duration } from "../engine/duration.ts";
import type { RetryOptions } from "../engine/retry.ts";
import type { RunId } from "../engine/run-id.ts";
import type { AttributesFunction } from "./attributes-from-input.ts";
import type { ChildOptions, ChildRun, ReceiveOptions } from "./child-run.ts";
import type { KeyedLimit } from "./concurrency.ts";
import type { NameFunction } from "./name-from-input.ts";
import type { Signal } from "./signal.ts";
import type { StepInfo, Task } from "./task.ts";

/**
 * All that a flow may use and await. Each call that gives a promise is durable: its outcome is in the history before the
 * flow sees it, and a replay gets the same outcome without running anything.
 */
export interface FlowContext<Declared extends AttributeTypes = NoAttributes> {
  readonly runId: string;
  /** 1, and one more each time the run was continued by hand after it had failed or crashed. */
  readonly attempt: number;
  /** Those of the submission, and those that were added since. */
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** The run that submitted this one from its flow, if one did. */
  readonly parent: RunId | undefined;
  /** The first run of the family: this one, if no flow submitted it. */
  readonly root: RunId;
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
  /**
   * Submits a run of its own, on whichever worker serves it. Resolves when that is recorded; its `result()` may be awaited
   * at any later time, or never.
   * @throws {@link InputInvalidError}, {@link DepthLimitError} and the errors of wrong options, each before anything is sent.
   */
  submit<Input, Output, Wire>(
    definition: Flow<Input, Output, Wire> | Task<Input, Output, Wire>,
    ...args: undefined extends Wire
      ? [input?: NoInfer<Wire>, options?: ChildOptions]
      : [input: NoInfer<Wire>, options?: ChildOptions]
  ): Promise<ChildRun<Output>>;
  /** The same by name, for code that this process does not have. The input is not checked here. */
  submit(flow: string, input?: unknown, options?: ChildOptions): Promise<ChildRun>;
  /**
   * A run that somebody else started, or will have started when it is awaited.
   * @throws {@link InvalidNameError}. Its `result()` throws an error with `code: "RUN_NOT_FOUND"` if nobody has submitted it.
   */
  attach<Output = unknown>(id: string): ChildRun<Output>;
  /**
   * The next value that was sent by this signal: kept from before this call, or waited for. Each is received once, in the
   * order in which they were stored; `undefined` when the time-out came first. A value that the signal's schema refuses is
   * logged and passed over.
   */
  receive<Value, Wire>(signal: Signal<Value, Wire>): Promise<Value>;
  receive<Value, Wire>(
    signal: Signal<Value, Wire>,
    options: ReceiveOptions,
  ): Promise<Value | undefined>;
  /**
   * Tells other programs, and triggers, that something has happened: publishes an event (docs/events.md), as a step of its
   * own. The event's id is the step's, so whatever happens to this worker, nobody takes it for two.
   * @throws {@link InvalidNameError} for a type that is none, {@link NotSerializableError} for data that JSON cannot say,
   * {@link PayloadTooLargeError}.
   */
  emit(type: string, data?: unknown, options?: EmitOptions): Promise<void>;
  /**
   * Runs a part that a cancellation must not interrupt: what is asked for through the context that it is given goes on. The
   * flow is told of the cancellation by the next thing that it awaits after it.
   */
  shield<Output>(fn: (ctx: FlowContext<Declared>) => Promise<Output> | Output): Promise<Output>;
  /**
   * Runs a part that is undone as a whole: when it throws, or the run is cancelled in it, what was completed through the
   * context that it is given is compensated, the last first, and then the error is thrown on. Compensations are steps: durable,
   * retried, and not interrupted by a cancellation.
   * @throws what the part threw, or {@link CompensationFailedError} when something could not be undone.
   */
  saga<Output>(fn: (saga: SagaContext<Declared>) => Promise<Output> | Output): Promise<Output>;
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

  /** Says how far the run is, in units of its own. Shown by `handle.state()`. */
  progress(done: number, total: number, message?: string): void;
  /** Adds tags to find the run by. */
  tag(...tags: readonly string[]): void;
  /**
   * Sets a search attribute that the flow declares, in place of the value before.
   * @throws {@link AttributeInvalidError} when it is not declared so, or cannot be searched.
   */
  attribute<Name extends keyof Declared & string>(
    name: Name,
    value: AttributeOf<Declared[Name]>,
  ): void;
  /**
   * Sets several search attributes at once; the others stay as they are.
   * @throws {@link AttributeInvalidError}: then none of them is set.
   */
  attributes(values: AttributesOf<Declared>): void;
  /** Publishes a value under a name, in place of the one before: `handle.state()` shows it. */
  expose(name: string, value: unknown): void;
  /**
   * True in a run that came by here for the first time with this code, false in one that had passed it with the code
   * before: lets a flow change while its runs are open (docs/changing-code.md).
   */
  patch(id: string): boolean;

  /** Milliseconds since 1970, as of the last event that the flow has seen: the same in every replay. */
  now(): number;
  /** A number in [0, 1), the same in every replay. Not for secrets. */
  random(): number;
  /** A version 4 UUID, the same in every replay. Not for secrets. */
  uuid(): string;
}

/** The context of a saga: tasks that it runs are undone by their own `compensate`. */
export interface SagaContext<Declared extends AttributeTypes = NoAttributes>
  extends FlowContext<Declared> {
  /** Has something undone by a function of its own, if the saga fails from now on. */
  compensate(
    name: string,
    fn: (info: StepInfo) => unknown,
    options?: { readonly retry?: RetryOptions },
  ): void;
}

type StepArguments<Wire> = undefined extends Wire
  ? [input?: NoInfer<Wire>, overrides?: StepOverrides]
  : [input: NoInfer<Wire>, overrides?: StepOverrides];

/** What an event says beside its type and data. */
export interface EmitOptions {
  /** What it is about. Default: the run's id. */
  readonly subject?: string;
}

/** How an inline step is tried. Default: one attempt, no time limit. */
export interface StepOptions {
  readonly retry?: RetryOptions;
  readonly timeout?: Duration;
}

/** What one call of a task changes of its definition. `name` stands in the step's id, whatever the task's `stepName` says. */
export interface StepOverrides extends StepOptions {
  readonly name?: string;
}

/** A named async function whose progress is durable. */
export interface Flow<Input = unknown, Output = unknown, Wire = Input> {
  readonly kind: "flow";
  readonly name: string;
  readonly fn: FlowFunction<Input, Output>;
  readonly input: StandardSchemaV1<Wire, Input> | undefined;
  /** Checks what the function gives, before it is recorded. */
  readonly output: StandardSchemaV1<unknown, Output> | undefined;
  /** The key of a run that is submitted without one. */
  readonly key: NameFunction<Wire> | undefined;
  readonly queue: string;
  readonly crashLimit: number;
  /** The search attributes of its runs, by name. */
  readonly attributes: AttributeTypes;
  /** The values that they have from the start. */
  readonly attributesOf: AttributesFunction<Wire> | undefined;
  /** Recorded with each activation; empty for none. */
  readonly version: string;
  readonly concurrency: KeyedLimit | undefined;
}

export type FlowFunction<Input, Output, Declared extends AttributeTypes = NoAttributes> = (
  ctx: FlowContext<Declared>,
  input: Input,
) => Promise<Output> | Output;

/** Those of a flow that declares none. */
export type NoAttributes = { readonly [Name in never]: AttributeType };
