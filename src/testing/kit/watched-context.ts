import type { ReceiveOptions } from "../../definition/child-run.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import type { FlowContext, StepOptions, StepOverrides } from "../../definition/flow-context.ts";
import type { Signal } from "../../definition/signal.ts";
import type { StepInfo } from "../../definition/task.ts";
import type { SignalWaits } from "./signal-waits.ts";

/** A flow's context with a seam between its steps and their functions. */
export function watchedContext(ctx: FlowContext, seam: Seam): FlowContext {
  const own = ctx as unknown as Watched;
  const within = (fn: Part): Part => {
    return (inner) => fn(watchedContext(inner, seam));
  };
  const watched: Watched = {
    run: (definition, input, overrides) => own.run(seam.definition(definition), input, overrides),
    step: (name, fn, options) => own.step(name, (info) => called(seam, name, fn, info), options),
    compensate: (name, fn, options) =>
      own.compensate(name, (info) => called(seam, name, fn, info), options),
    shield: (fn) => own.shield(within(fn)),
    saga: (fn) => own.saga(within(fn)),
    receive: async (signal, options) => {
      const received = own.receive(signal, options);
      const end = seam.waits.begin(ctx.runId, signal.name);
      try {
        return await received;
      } finally {
        end();
      }
    },
  };
  return new Proxy(ctx, {
    get: (target, key) => {
      if (Object.hasOwn(watched, key)) return watched[key as keyof Watched];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What stands between steps and their functions. */
export interface Seam {
  readonly waits: SignalWaits;
  definition<D extends AnyDefinition>(definition: D): D;
  /** Calls a step's function, or what stands in for it. */
  call(name: string, input: unknown, info: StepInfo, itself: () => unknown): Promise<unknown>;
}

/** What of a context is watched, whatever its types. */
interface Watched {
  run(definition: AnyDefinition, input?: unknown, overrides?: StepOverrides): Promise<unknown>;
  step(name: string, fn: StepBody, options?: StepOptions): Promise<unknown>;
  compensate(name: string, fn: StepBody, options?: object): void;
  shield(fn: Part): Promise<unknown>;
  saga(fn: Part): Promise<unknown>;
  receive(signal: Signal<unknown, never>, options?: ReceiveOptions): Promise<unknown>;
}

type Part = (ctx: FlowContext) => unknown;
type StepBody = (info: StepInfo) => unknown;

function called(seam: Seam, name: string, fn: StepBody, info: StepInfo): Promise<unknown> {
  return seam.call(name, undefined, info, () => fn(info));
}
