import type { Logger } from "pino";
import type { ChildOptions, ChildRun, ReceiveOptions } from "../definition/child-run.ts";
import type { AnyDefinition, AnyTask } from "../definition/definition.ts";
import type {
  EmitOptions,
  FlowContext,
  SagaContext,
  StepOptions,
  StepOverrides,
} from "../definition/flow-context.ts";
import { stepNameFromInput } from "../definition/name-from-input.ts";
import type { Signal } from "../definition/signal.ts";
import { validate, validateOutput } from "../definition/standard-schema.ts";
import { checkTags } from "../definition/submit-options.ts";
import type { StepInfo } from "../definition/task.ts";
import { type AttributeTypes, type AttributeValue, checkAttributes } from "../engine/attributes.ts";
import { uuidFrom } from "../engine/chance.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { shortReason } from "../engine/input.ts";
import { checkStepName, MAX_STEP_NAME } from "../engine/names.ts";
import { type RetryOptions, retryPolicy } from "../engine/retry.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import { StepNumbers } from "../engine/step-id.ts";
import { InvalidDurationError, InvalidOptionError } from "../engine/usage-errors.ts";
import { checkAppEvent } from "../wire/app-event.ts";
import { decodeValue } from "../wire/value-codec.ts";
import type { AskedStep, StepEffects } from "./asked-step.ts";
import { ChildHandle } from "./child-handle.ts";
import type { ContextHost } from "./context-host.ts";
import { encodeWithin } from "./encode-within.ts";
import { planChild } from "./plan-child.ts";
import { COMPENSATION_RETRY, Saga } from "./saga.ts";
import { markOwn } from "./stray-rejections.ts";

/** The last time that a `Date` can hold. */
const LAST_TIME = 8_640_000_000_000_000;

/** The context of a flow, or of a part of one. */
export class Context implements SagaContext<AttributeTypes> {
  readonly #host: ContextHost;
  readonly #declared: AttributeTypes;
  readonly #scope: ContextScope;

  /** `declared`: the search attributes of the flow whose context it is. */
  constructor(
    host: ContextHost,
    declared: AttributeTypes,
    scope: ContextScope = scopeOf(host, ""),
  ) {
    this.#host = host;
    this.#declared = declared;
    this.#scope = scope;
  }

  get runId(): RunId {
    return this.#host.runId;
  }

  get parent(): RunId | undefined {
    const { parent } = this.#host.submission;
    return parent === undefined ? undefined : parseRunId(parent.runId).id;
  }

  get root(): RunId {
    const { parent } = this.#host.submission;
    return parent === undefined ? this.runId : parseRunId(parent.root).id;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#host.submission.metadata;
  }

  get attempt(): number {
    return this.#host.attempt;
  }

  get tags(): readonly string[] {
    return this.#host.tags;
  }

  get log(): Logger {
    return this.#host.log;
  }

  now(): number {
    return this.#host.now;
  }

  random(): number {
    return this.#scope.chance();
  }

  uuid(): string {
    return uuidFrom(this.#scope.chance);
  }

  run(definition: AnyDefinition, input?: unknown, overrides: StepOverrides = {}): Promise<never> {
    if (definition.kind === "flow") return this.#inline(definition, input) as Promise<never>;
    const name = overrides.name ?? stepNameFromInput(definition, input);
    const { timeoutMs } = definition;
    const plan: AskedStep = {
      fnWith: callOf(definition, input),
      retry: overrides.retry === undefined ? definition.retry : retryPolicy(overrides.retry),
      timeoutMs: overrides.timeout === undefined ? timeoutMs : toMilliseconds(overrides.timeout),
    };
    const going = this.#step(name, plan);
    return this.#undoable(definition, name, input, going) as Promise<never>;
  }

  step(name: string, fn: (info: StepInfo) => unknown, options: StepOptions = {}): Promise<never> {
    const timeoutMs = options.timeout === undefined ? undefined : toMilliseconds(options.timeout);
    const retry = retryPolicy(options.retry);
    return this.#step(name, { fnWith: () => fn, retry, timeoutMs }) as Promise<never>;
  }

  sleep(duration: Duration): Promise<void> {
    return ofContext(async () => {
      const ms = toMilliseconds(duration);
      await this.#host.timer(this.#id("sleep"), (now) => now + ms, this.#scope.shielded);
    });
  }

  sleepUntil(time: Date | number): Promise<void> {
    return ofContext(async () => {
      const fireAt = Number(time);
      if (!(Math.abs(fireAt) <= LAST_TIME)) throw new InvalidDurationError(time);
      const { shielded } = this.#scope;
      await this.#host.timer(this.#id("sleep"), () => Math.max(0, Math.ceil(fireAt)), shielded);
    });
  }

  submit(
    definition: AnyDefinition | string,
    input?: unknown,
    options: ChildOptions = {},
  ): Promise<ChildRun<never>> {
    return ofContext(() => this.#submit(definition, input, options));
  }

  async #submit(
    definition: AnyDefinition | string,
    input: unknown,
    options: ChildOptions,
  ): Promise<ChildRun<never>> {
    const name = typeof definition === "string" ? definition : definition.name;
    // Its place is taken before anything is awaited: the same in every replay.
    const id = this.#id(checkStepName(name));
    if (typeof definition !== "string" && definition.input !== undefined) {
      await validate(`${definition.kind} ${name}`, definition.input, input);
    }
    const child = planChild(this.#host, id, definition, input, options);
    const run = await this.#host.child(id, child, this.#scope.shielded);
    return this.#handle(id, run, () => Promise.resolve());
  }

  attach(runId: string): ChildRun<never> {
    const run = parseRunId(runId);
    const id = this.#id(`${run.flow}.attach`);
    const watch = (): Promise<void> =>
      this.#act(`${run.flow}.watch`, (effects) => () => effects.watch(run));
    return this.#handle(id, run, watch);
  }

  receive<Value>(
    signal: Signal<Value, never>,
    options: ReceiveOptions = {},
  ): Promise<Value | undefined> {
    return ofContext(() => this.#receive(signal, options));
  }

  async #receive<Value>(
    signal: Signal<Value, never>,
    options: ReceiveOptions,
  ): Promise<Value | undefined> {
    const { timeout } = options;
    const ms = timeout === undefined ? undefined : toMilliseconds(timeout);
    const id = this.#id(signal.name);
    const { shielded } = this.#scope;
    const askedAt = this.#host.now;
    for (let refused = 0; ; refused++) {
      const place = refused === 0 ? id : `${id}!${refused}`;
      const until =
        ms === undefined ? undefined : (now: number) => (refused === 0 ? now : askedAt) + ms;
      const received = await this.#host.receive(place, signal.name, until, shielded);
      if (received === undefined) return undefined;
      try {
        const value = decodeValue(received);
        return (await validate(`signal ${signal.name}`, signal.schema, value)) as Value;
      } catch (err) {
        this.log.warn({ err }, "A signal is passed over: its value does not match the schema");
      }
    }
  }

  async shield<Output>(fn: (ctx: Context) => Promise<Output> | Output): Promise<Output> {
    return fn(this.#within({ ...this.#scope, shielded: true }));
  }

  async saga<Output>(fn: (saga: Context) => Promise<Output> | Output): Promise<Output> {
    const saga = new Saga();
    try {
      const output = await fn(this.#within({ ...this.#scope, saga }));
      this.#scope.saga?.adopt(saga);
      return output;
    } catch (error) {
      const undoing = this.#within({ ...this.#scope, saga: undefined, shielded: true });
      const step = (name: string, plan: AskedStep) => undoing.#step(name, plan);
      if (await saga.undo(this.runId, error, step)) this.#host.undone(error);
      throw error;
    }
  }

  compensate(
    name: string,
    fn: (info: StepInfo) => unknown,
    options: { readonly retry?: RetryOptions } = {},
  ): void {
    const retry = options.retry === undefined ? COMPENSATION_RETRY : retryPolicy(options.retry);
    const plan: AskedStep = { fnWith: () => fn, retry, timeoutMs: undefined };
    this.#scope.saga?.add({ name: checkStepName(name), plan });
  }

  emit(type: string, data?: unknown, options: EmitOptions = {}): Promise<void> {
    return ofContext(() => {
      const event = checkAppEvent(type, data, options.subject);
      const { submission } = this.#host;
      return this.#act(`emit:${type}`, ({ emitter, interruptedAt }) => {
        const publish = emitter.publisherOf({ event, submission, interruptedAt });
        return ({ idempotencyKey }) => publish(idempotencyKey);
      });
    });
  }

  progress(done: number, total: number, message = ""): void {
    this.#host.annotate((annotated) => annotated.progress(done, total, message));
  }

  tag(...tags: readonly string[]): void {
    checkTags(tags);
    this.#host.annotate((annotated) => annotated.tag(tags));
  }

  attribute(name: string, value: AttributeValue): void {
    this.attributes({ [name]: value });
  }

  attributes(values: Readonly<Record<string, AttributeValue | undefined>>): void {
    const checked = checkAttributes(`run ${this.runId}`, values, this.#declared);
    this.#host.annotate((annotated) => annotated.attributes(checked));
  }

  expose(name: string, value: unknown): void {
    this.#host.annotate((annotated) => annotated.expose(name, value));
  }

  patch(id: string): boolean {
    return this.#host.patch(checkStepName(id));
  }

  async all<Item, Output>(
    items: Iterable<Item>,
    fn: (item: Item, index: number) => Promise<Output>,
    options: { readonly concurrency?: number } = {},
  ): Promise<Output[]> {
    const list = [...items];
    const limit = options.concurrency ?? list.length;
    if (!(limit >= 1) && list.length > 0) {
      throw new InvalidOptionError("concurrency", limit, "give a whole number from 1");
    }
    const outputs: Output[] = [];
    let next = 0;
    let failed = false;
    const work = async (): Promise<void> => {
      while (next < list.length && !failed) {
        const at = next++;
        try {
          outputs[at] = await fn(list[at] as Item, at);
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(limit, list.length) }, work));
    return outputs;
  }

  async #inline(definition: AnyDefinition, input: unknown): Promise<unknown> {
    const prefix = `${this.#id(definition.name)}/`;
    const { shielded, saga } = this.#scope;
    const context = new Context(this.#host, declaredBy(definition), {
      ...scopeOf(this.#host, prefix),
      shielded,
      saga,
    });
    const what = `flow ${definition.name}`;
    const checked = await ofContext(() => validate(what, definition.input, input));
    const call = definition.fn as (ctx: FlowContext, input: unknown) => unknown;
    return validateOutput(definition, await call(context, checked));
  }

  #step(name: string, plan: AskedStep): Promise<unknown> {
    return ofContext(async () =>
      this.#host.step(this.#id(checkStepName(name)), plan, this.#scope.shielded),
    );
  }

  /** In a saga, a task that can be undone is, if it succeeds and the saga does not. */
  #undoable(
    { name: taskName, compensate, retry, timeoutMs }: AnyTask,
    name: string,
    input: unknown,
    going: Promise<unknown>,
  ): Promise<unknown> {
    const { saga } = this.#scope;
    if (saga === undefined || compensate === undefined) return going;
    const undo = compensate as (output: unknown, input: unknown, info: StepInfo) => unknown;
    return saga.track(going, (output) => ({
      name: compensationName(name, taskName),
      plan: {
        fnWith: () => (info) => undo(output, input, info),
        retry: retry.attempts > 1 ? retry : COMPENSATION_RETRY,
        timeoutMs,
      },
    }));
  }

  #handle(id: string, run: RunRef, beforeResult: () => Promise<void>): ChildHandle {
    const { flow } = run;
    let asked = 0;
    return new ChildHandle(run.id, {
      result: async () => {
        const place = `${id}/result${asked++ === 0 ? "" : asked}`;
        this.#host.naming(place);
        await beforeResult();
        return this.#host.outcome(place, run.id, this.#scope.shielded);
      },
      cancel: (reason) =>
        this.#act(`${flow}.cancel`, (effects) => ({ idempotencyKey }) => {
          const body = { type: "Cancel", reason: shortReason(reason) } as const;
          return effects.send(run, body, idempotencyKey);
        }),
      signal: ({ name, schema }, value) =>
        this.#act(`${flow}.signal`, (effects) => async ({ idempotencyKey }) => {
          await validate(`signal ${name}`, schema, value);
          const what = `The value of signal ${name}`;
          const payload = encodeWithin(this.#host.maxPayloadBytes, value, what);
          await effects.send(run, { type: "Signal", name, payload }, idempotencyKey);
        }),
    });
  }

  /** Something that is done to another run: a step like any other. */
  async #act(
    name: string,
    fnWith: (effects: StepEffects) => (info: StepInfo) => Promise<void>,
  ): Promise<void> {
    await this.#step(name, { fnWith, retry: retryPolicy(ACTION_RETRY), timeoutMs: undefined });
  }

  #within(scope: ContextScope): Context {
    return new Context(this.#host, this.#declared, scope);
  }

  #id(name: string): string {
    const id = this.#scope.prefix + this.#scope.numbers.next(name);
    this.#host.naming(id);
    return id;
  }
}

/** The search attributes that a definition's function may set. */
export function declaredBy(definition: AnyDefinition): AttributeTypes {
  return definition.kind === "flow" ? definition.attributes : {};
}

/** What is asked of a context wrongly may be left alone like any other promise of it: that ends no process (I11). */
async function ofContext<T>(ask: () => Promise<T> | T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof Error ? markOwn(error) : error;
  }
}

/** Where in a flow a context stands. */
interface ContextScope {
  /** Before the ids of all that is asked for: the flow that runs inside another. */
  readonly prefix: string;
  readonly numbers: StepNumbers;
  readonly chance: () => number;
  /** A cancellation does not reach it. */
  readonly shielded: boolean;
  /** What is done here is undone if it fails. */
  readonly saga: Saga | undefined;
}

function scopeOf(host: ContextHost, prefix: string): ContextScope {
  const chance = host.chance(prefix);
  return { prefix, numbers: new StepNumbers(), chance, shielded: false, saga: undefined };
}

/** A step's name may be as long as a name can be: then the task's own stands for it, as much of it as there is room for. */
function compensationName(step: string, task: string): string {
  const room = MAX_STEP_NAME - COMPENSATE.length;
  return `${step.length <= room ? step : task.slice(0, room)}${COMPENSATE}`;
}

const COMPENSATE = ".compensate";

/** The broker may be away for a while. */
const ACTION_RETRY = {
  attempts: 20,
  delays: ["100ms", "1s", "5s"],
  when: (error: unknown) => !(error instanceof RunNotFoundError),
} as const;

/** What a step of this task does: the plain function if there is nothing to check and nothing to share. */
function callOf(definition: AnyTask, input: unknown): AskedStep["fnWith"] {
  const { name, cache: policy } = definition;
  const call = definition.fn as (input: unknown, info: StepInfo) => unknown;
  const isPlain = definition.input === undefined && definition.output === undefined;
  if (isPlain && policy === undefined) return () => (info) => call(input, info);
  return ({ cache }) =>
    async (info) => {
      const checked = await validate(`task ${name}`, definition.input, input);
      const compute = async (): Promise<unknown> => {
        // Schema and cache take their time: the run may be somebody else's by now, or this worker's again in a later activation.
        info.signal.throwIfAborted();
        return validateOutput(definition, await call(checked, info));
      };
      if (policy === undefined) return compute();
      return cache.get({ task: name, policy, input: checked, info }, compute);
    };
}
