/**
 * Tells, in development, which line of a flow uses time, chance or the network past its context. It knows flow code by an
 * asynchronous context that is entered with the flow's function and left with each step's, and watches the process's own
 * functions while at least one worker guards. Without one nothing is watched and nothing is slower.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Logger } from "pino";
import { FlowNotDeterministicError } from "../engine/flow-not-deterministic-error.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { type Unrepeatable, watchUnrepeatable } from "./unrepeatable-calls.ts";
import { userPlace } from "./user-place.ts";

/** `warn` logs each place once, `throw` throws {@link FlowNotDeterministicError} there, `off` costs nothing. */
export type GuardMode = "off" | "warn" | "throw";

/** Guards the flows of one worker. */
export interface DeterminismGuard {
  /** Calls a flow's function: what it does is flow code, until {@link outsideFlow}. */
  call<T>(runId: string, fn: () => T): T;
  /** Stops watching, unless another worker guards too. */
  stop(): void;
}

/** Guards from now on, until `stop`. */
export function guardDeterminism(mode: GuardMode, log: Logger): DeterminismGuard {
  if (mode === "off") return OFF;
  const guard = new Guard(mode, log);
  if (guards.size === 0) unwatch = watchUnrepeatable(onCall);
  guards.add(guard);
  return guard;
}

/** Calls what is no flow code although a flow caused it: a step's function, its retry policy. */
export function outsideFlow(fn: () => void): void {
  if (guards.size === 0) fn();
  else inFlow.run(undefined, fn);
}

/** @throws {@link InvalidOptionError} */
export function checkGuardMode(mode: GuardMode): GuardMode {
  if (mode === "off" || mode === "warn" || mode === "throw") return mode;
  throw new InvalidOptionError("determinismGuard", mode, 'give "off", "warn" or "throw"');
}

/** Default where nothing is said: on in development, off everywhere else. */
export function defaultGuardMode(env: NodeJS.ProcessEnv = process.env): GuardMode {
  return env["NODE_ENV"] === "development" ? "warn" : "off";
}

const OFF: DeterminismGuard = { call: (_, fn) => fn(), stop: () => undefined };

const inFlow = new AsyncLocalStorage<FlowCall | undefined>();
const guards = new Set<Guard>();
let unwatch: () => void = () => undefined;

interface FlowCall {
  readonly runId: string;
  readonly guard: Guard;
}

/** More places than a program has; only code that is made at run time has more. */
const MAX_PLACES = 1_000;

class Guard implements DeterminismGuard {
  readonly #mode: "warn" | "throw";
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(mode: "warn" | "throw", log: Logger) {
    this.#mode = mode;
    this.#log = log;
  }

  call<T>(runId: string, fn: () => T): T {
    return inFlow.run({ runId, guard: this }, fn);
  }

  stop(): void {
    if (!guards.delete(this) || guards.size > 0) return;
    unwatch();
    inFlow.disable();
  }

  meet(runId: string, { call, instead }: Unrepeatable, place: string): void {
    const error = new FlowNotDeterministicError(runId, call, place, instead);
    if (this.#mode === "throw") throw error;
    const what = `${call} ${place}`;
    if (this.#told.has(what) || this.#told.size >= MAX_PLACES) return;
    this.#told.add(what);
    outsideFlow(() => this.#log.warn({ run: runId, place, call }, error.message));
  }
}

function onCall(what: Unrepeatable, caller: (...args: never[]) => unknown): void {
  const flow = inFlow.getStore();
  if (flow === undefined || !guards.has(flow.guard)) return;
  const place = userPlace(caller);
  if (place !== undefined) flow.guard.meet(flow.runId, what, place);
}
