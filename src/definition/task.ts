import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Logger } from "pino";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { checkToken } from "../engine/names.ts";
import { checkQueueName } from "../engine/priority.ts";
import { type RetryOptions, type RetryPolicy, retryPolicy } from "../engine/retry.ts";
import { type CacheOptions, type CachePolicy, cachePolicy } from "./cache.ts";
import { type ConcurrencyOptions, type KeyedLimit, keyedLimit } from "./concurrency.ts";
import { type CrashOptions, crashLimit } from "./crash-budget.ts";
import { checkNameFunction, type NameFunction } from "./name-from-input.ts";

/** A named unit of work with a retry policy. Called in a flow it is a step of that run; submitted, a run of its own. */
export interface Task<Input = unknown, Output = unknown, Wire = Input> {
  readonly kind: "task";
  readonly name: string;
  /** The plain function: call it directly in a unit test. */
  readonly fn: TaskFunction<Input, Output>;
  readonly input: StandardSchemaV1<Wire, Input> | undefined;
  /** Checks what the function gives, before it is recorded. */
  readonly output: StandardSchemaV1<unknown, Output> | undefined;
  /** The key of a run that is submitted without one. */
  readonly key: NameFunction<Wire> | undefined;
  /** The name of a step that a flow makes of it, in place of the task's. */
  readonly stepName: NameFunction<Wire> | undefined;
  readonly retry: RetryPolicy;
  /** Longest time of one attempt in milliseconds, if there is a limit. */
  readonly timeoutMs: number | undefined;
  readonly queue: string;
  readonly crashLimit: number;
  /** Undoes what the function did. */
  readonly compensate: CompensateFunction<Input, Output> | undefined;
  readonly concurrency: KeyedLimit | undefined;
  readonly cache: CachePolicy | undefined;
}

/** Undoes what a task did, in a saga that has failed: tried like a step, until it succeeds or its attempts are spent. */
export type CompensateFunction<Input, Output> = (
  output: Output,
  input: Input,
  info: StepInfo,
) => unknown;

export type TaskFunction<Input, Output> = (
  input: Input,
  info: StepInfo,
) => Promise<Output> | Output;

export interface TaskOptions<Input = unknown, Wire = Input, Output = never> {
  /** Checks the input when it is submitted and again before the task sees it: any Standard Schema (zod, valibot, …). */
  readonly input?: StandardSchemaV1<Wire, Input>;
  /** Checks what the function gives, in the worker: what the schema gives back is recorded, and is the result. */
  readonly output?: StandardSchemaV1 | undefined;
  /**
   * The key of a run that is submitted without one, made of its input as it was given: the same key is the same run. For
   * example `(order: Order) => order.id`.
   */
  readonly key?: NameFunction<Wire>;
  /**
   * The name of each step that a flow makes of this task, made of its input as it was given: for example
   * `(file: File) => `resize ${file.path}``. The step's id comes from it, so the same input must always give the same name.
   * Default: the task's name.
   */
  readonly stepName?: NameFunction<Wire>;
  readonly retry?: RetryOptions;
  /** Longest time of one attempt; then its `signal` aborts and the attempt counts as failed. Default: no limit. */
  readonly timeout?: Duration;
  /** Where its runs wait for a worker. Default: the task's name. */
  readonly queue?: string;
  readonly crashes?: CrashOptions;
  /** Undoes what this task did when it was run in a saga (`ctx.saga`) that fails or is cancelled later. */
  readonly compensate?: CompensateFunction<Input, Output>;
  /** How many runs of one key may be active at once, over all workers. Default: any number. */
  readonly concurrency?: ConcurrencyOptions<Input>;
  /** Shares the outcome with other runs that ask for the same key. Default: each executes the task for itself. */
  readonly cache?: CacheOptions<Input>;
}

/** What a task or inline step is told about the attempt that it is. */
export interface StepInfo {
  readonly runId: string;
  readonly step: string;
  /** 1 for the first attempt. A crash does not count as one. */
  readonly attempt: number;
  /**
   * `<run id>/<step id>`: the same for every attempt and take-over of this step, and for no other step of the namespace.
   * Give it to the services you call.
   */
  readonly idempotencyKey: string;
  /** Aborts on the time-out, when the run closes without waiting for the step, and when this worker loses the run. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export function task<Input = undefined, Output = unknown>(
  name: string,
  fn: TaskFunction<Input, Output>,
): Task<Input, Awaited<Output>>;
export function task<Wire, Input, Returned, Output>(
  name: string,
  options: TaskOptions<Input, Wire, NoInfer<Output>> & {
    readonly input: StandardSchemaV1<Wire, Input>;
    readonly output: StandardSchemaV1<Returned, Output>;
  },
  fn: TaskFunction<Input, NoInfer<Returned>>,
): Task<Input, Output, Wire>;
export function task<Wire, Input, Output>(
  name: string,
  options: TaskOptions<Input, Wire, Awaited<Output>> & {
    readonly input: StandardSchemaV1<Wire, Input>;
    readonly output?: undefined;
  },
  fn: TaskFunction<Input, Output>,
): Task<Input, Awaited<Output>, Wire>;
export function task<Returned, Output, Input = undefined>(
  name: string,
  options: TaskOptions<Input, Input, NoInfer<Output>> & {
    readonly output: StandardSchemaV1<Returned, Output>;
  },
  fn: TaskFunction<Input, NoInfer<Returned>>,
): Task<Input, Output>;
export function task<Input = undefined, Output = unknown>(
  name: string,
  options: TaskOptions<Input, Input, Awaited<Output>> & { readonly output?: undefined },
  fn: TaskFunction<Input, Output>,
): Task<Input, Awaited<Output>>;
/**
 * Defines a task.
 * @throws {@link InvalidNameError} and {@link InvalidOptionError} at once, not when it first runs.
 */
export function task(
  name: string,
  optionsOrFn: TaskOptions | TaskFunction<never, unknown>,
  maybeFn?: TaskFunction<never, unknown>,
): unknown {
  const options = typeof optionsOrFn === "function" ? {} : optionsOrFn;
  const fn = typeof optionsOrFn === "function" ? optionsOrFn : maybeFn;
  if (fn === undefined) throw new TypeError(`task(${JSON.stringify(name)}) has no function.`);
  return {
    kind: "task",
    name: checkToken("A task's name", name),
    fn,
    input: options.input,
    output: options.output,
    key: checkNameFunction("key", options.key),
    stepName: checkNameFunction("stepName", options.stepName),
    retry: retryPolicy(options.retry),
    timeoutMs: options.timeout === undefined ? undefined : toMilliseconds(options.timeout),
    queue: checkQueueName(options.queue ?? name),
    crashLimit: crashLimit(options.crashes),
    compensate: options.compensate,
    concurrency: keyedLimit(options.concurrency),
    cache: cachePolicy(options.cache, options.compensate !== undefined),
  };
}
