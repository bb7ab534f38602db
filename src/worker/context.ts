import type { Logger } from "pino";
import type { AnyDefinition } from "../definition/definition.ts";
import type { FlowContext, StepOptions, StepOverrides } from "../definition/flow-context.ts";
import { validate } from "../definition/standard-schema.ts";
import type { StepInfo } from "../definition/task.ts";
import { chanceOf, uuidFrom } from "../engine/chance.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { checkStepName } from "../engine/names.ts";
import { retryPolicy } from "../engine/retry.ts";
import { StepNumbers } from "../engine/step-id.ts";
import { InvalidDurationError, InvalidOptionError } from "../engine/usage-errors.ts";
import type { StepPlan } from "./step-plan.ts";

/** What a context needs of the activation that it belongs to. */
export interface ContextHost {
  readonly runId: string;
  readonly attempt: number;
  readonly tags: readonly string[];
  readonly log: Logger;
  readonly now: number;
  step(id: string, plan: StepPlan): Promise<unknown>;
  timer(id: string, fireAt: (now: number) => number): Promise<void>;
}

/** The last time that a `Date` can hold. */
const LAST_TIME = 8_640_000_000_000_000;

/** The context of a flow, or of a flow that runs inside another: then `scope` stands before its steps' names. */
export class Context implements FlowContext {
  readonly #host: ContextHost;
  readonly #scope: string;
  readonly #numbers = new StepNumbers();
  readonly #chance: () => number;

  constructor(host: ContextHost, scope = "") {
    this.#host = host;
    this.#scope = scope;
    this.#chance = chanceOf(`${host.runId}/${scope}`);
  }

  get runId(): string {
    return this.#host.runId;
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
    return this.#chance();
  }

  uuid(): string {
    return uuidFrom(this.#chance);
  }

  run(definition: AnyDefinition, input?: unknown, overrides: StepOverrides = {}): Promise<never> {
    if (definition.kind === "flow") return this.#inline(definition, input) as Promise<never>;
    const { name, fn, timeoutMs } = definition;
    const call = fn as (input: unknown, info: StepInfo) => unknown;
    const schema = definition.input;
    const subject = `task ${name}`;
    const plan: StepPlan = {
      fn:
        schema === undefined
          ? (info) => call(input, info)
          : async (info) => call(await validate(subject, schema, input), info),
      retry: overrides.retry === undefined ? definition.retry : retryPolicy(overrides.retry),
      timeoutMs: overrides.timeout === undefined ? timeoutMs : toMilliseconds(overrides.timeout),
    };
    return this.#step(overrides.name ?? name, plan) as Promise<never>;
  }

  step(name: string, fn: (info: StepInfo) => unknown, options: StepOptions = {}): Promise<never> {
    const timeoutMs = options.timeout === undefined ? undefined : toMilliseconds(options.timeout);
    return this.#step(name, { fn, retry: retryPolicy(options.retry), timeoutMs }) as Promise<never>;
  }

  async sleep(duration: Duration): Promise<void> {
    const ms = toMilliseconds(duration);
    await this.#host.timer(this.#id("sleep"), (now) => now + ms);
  }

  async sleepUntil(time: Date | number): Promise<void> {
    const fireAt = Number(time);
    if (!(Math.abs(fireAt) <= LAST_TIME)) throw new InvalidDurationError(time);
    await this.#host.timer(this.#id("sleep"), () => Math.max(0, Math.ceil(fireAt)));
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
    const context = new Context(this.#host, `${this.#id(definition.name)}/`);
    const checked = await validate(`flow ${definition.name}`, definition.input, input);
    return (definition.fn as (ctx: FlowContext, input: unknown) => unknown)(context, checked);
  }

  async #step(name: string, plan: StepPlan): Promise<unknown> {
    return this.#host.step(this.#id(checkStepName(name)), plan);
  }

  #id(name: string): string {
    return this.#scope + this.#numbers.next(name);
  }
}
