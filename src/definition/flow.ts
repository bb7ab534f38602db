import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AttributeTypes } from "../engine/attributes.ts";
import { checkToken, isPrintable } from "../engine/names.ts";
import { checkQueueName } from "../engine/priority.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { type AttributesFunction, checkAttributeTypes } from "./attributes-from-input.ts";
import { type ConcurrencyOptions, keyedLimit } from "./concurrency.ts";
import { type CrashOptions, crashLimit } from "./crash-budget.ts";
import type { Flow, FlowFunction, NoAttributes } from "./flow-context.ts";
import { checkNameFunction, type NameFunction } from "./name-from-input.ts";

export interface FlowOptions<
  Input = unknown,
  Wire = Input,
  Declared extends AttributeTypes = AttributeTypes,
> {
  /** Checks the input when it is submitted and again before the flow sees it: any Standard Schema (zod, valibot, …). */
  readonly input?: StandardSchemaV1<Wire, Input>;
  /** Checks what the function gives, in the worker: what the schema gives back is recorded, and is the result. */
  readonly output?: StandardSchemaV1 | undefined;
  /**
   * The key of a run that is submitted without one, made of its input as it was given: the same key is the same run. For
   * example `(order: Order) => order.id`.
   */
  readonly key?: NameFunction<Wire>;
  /**
   * What its runs can be searched by, and of which type: for example `{ customer: "text", amount: "number" }`. At most 32. The
   * flow sets them with `ctx.attribute`.
   */
  readonly attributes?: Declared;
  /**
   * The search attributes that a run has from the start, made of its input as it was given: for example
   * `(order: Order) => ({ customer: order.customer })`. Taken when the run is submitted, or by the worker that starts it when
   * the submitter did not have the code.
   */
  readonly attributesOf?: AttributesFunction<Wire, NoInfer<Declared>>;
  /** Where its runs wait for a worker. Default: the flow's name. */
  readonly queue?: string;
  readonly crashes?: CrashOptions;
  /** The flow's own version: recorded with each activation, shown, and never compared. At most 64 characters. */
  readonly version?: string;
  /** How many runs of one key may be active at once, over all workers. Default: any number. */
  readonly concurrency?: ConcurrencyOptions<Input>;
}

export function flow<Input = undefined, Output = unknown>(
  name: string,
  fn: FlowFunction<Input, Output>,
): Flow<Input, Awaited<Output>>;
export function flow<
  Wire,
  Input,
  Returned,
  Output,
  const Declared extends AttributeTypes = NoAttributes,
>(
  name: string,
  options: FlowOptions<Input, Wire, Declared> & {
    readonly input: StandardSchemaV1<Wire, Input>;
    readonly output: StandardSchemaV1<Returned, Output>;
  },
  fn: FlowFunction<Input, NoInfer<Returned>, Declared>,
): Flow<Input, Output, Wire>;
export function flow<Wire, Input, Output, const Declared extends AttributeTypes = NoAttributes>(
  name: string,
  options: FlowOptions<Input, Wire, Declared> & {
    readonly input: StandardSchemaV1<Wire, Input>;
    readonly output?: undefined;
  },
  fn: FlowFunction<Input, Output, Declared>,
): Flow<Input, Awaited<Output>, Wire>;
export function flow<
  Returned,
  Output,
  Input = undefined,
  const Declared extends AttributeTypes = NoAttributes,
>(
  name: string,
  options: FlowOptions<Input, Input, Declared> & {
    readonly output: StandardSchemaV1<Returned, Output>;
  },
  fn: FlowFunction<Input, NoInfer<Returned>, Declared>,
): Flow<Input, Output>;
export function flow<
  Input = undefined,
  Output = unknown,
  const Declared extends AttributeTypes = NoAttributes,
>(
  name: string,
  options: FlowOptions<Input, Input, Declared> & { readonly output?: undefined },
  fn: FlowFunction<Input, Output, Declared>,
): Flow<Input, Awaited<Output>>;
/**
 * Defines a flow. Its function must only await its context and what comes from it, and must do the same on every replay
 * (docs/concepts.md, "Replay").
 * @throws {@link InvalidNameError} and {@link InvalidOptionError} at once.
 */
export function flow(
  name: string,
  optionsOrFn: FlowOptions | FlowFunction<never, unknown>,
  maybeFn?: FlowFunction<never, unknown>,
): unknown {
  const options = typeof optionsOrFn === "function" ? {} : optionsOrFn;
  const fn = typeof optionsOrFn === "function" ? optionsOrFn : maybeFn;
  if (fn === undefined) throw new TypeError(`flow(${JSON.stringify(name)}) has no function.`);
  return {
    kind: "flow",
    name: checkToken("A flow's name", name),
    fn,
    input: options.input,
    output: options.output,
    key: checkNameFunction("key", options.key),
    attributes: checkAttributeTypes(options.attributes ?? {}),
    attributesOf: checkNameFunction("attributesOf", options.attributesOf),
    queue: checkQueueName(options.queue ?? name),
    crashLimit: crashLimit(options.crashes),
    version: checkVersion(options.version ?? ""),
    concurrency: keyedLimit(options.concurrency),
  };
}

function checkVersion(version: string): string {
  if (typeof version === "string" && version.length <= 64 && isPrintable(version)) return version;
  throw new InvalidOptionError("version", version, "use at most 64 printable characters");
}
