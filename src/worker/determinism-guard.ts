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
  if (mode === "off") return UNGUARDED;
  return start(new Guard(mode === "throw" ? throwIt : warnOnce(log)));
}

/** Tells of each call from now on, and lets it be, until `stop`. What `tell` does is no flow code. */
export function tellUnrepeatable(tell: (call: UnrepeatableCall) => void): DeterminismGuard {
  return start(new Guard((call) => outsideFlow(() => tell(call))));
}

/** A call in flow code that gives another answer in each replay. */
export interface UnrepeatableCall extends Unrepeatable {
  readonly runId: string;
  /** As `<file>:<line>`. */
  readonly place: string;
}

function start(guard: Guard): DeterminismGuard {
  if (guards.size === 0) unwatch = watchUnrepeatable(onCall);
  guards.add(guard);
  return guard;
}

function throwIt(call: UnrepeatableCall): void {
  throw notDeterministic(call);
}

function warnOnce(log: Logger): (call: UnrepeatableCall) => void {
  const told = new Set<string>();
  return (found) => {
    const { runId, call, place } = found;
    const what = `${call} ${place}`;
    if (told.has(what) || told.size >= MAX_PLACES) return;
    told.add(what);
    const error = notDeterministic(found);
    outsideFlow(() => log.warn({ run: runId, place, call }, error.message));
  };
}

function notDeterministic({ runId, call, place, instead }: UnrepeatableCall): Error {
  return new FlowNotDeterministicError(runId, call, place, instead);
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

/** Watches nothing. */
export const UNGUARDED: DeterminismGuard = { call: (_, fn) => fn(), stop: () => undefined };

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
  readonly meet: (call: UnrepeatableCall) => void;

  constructor(meet: (call: UnrepeatableCall) => void) {
    this.meet = meet;
  }

  call<T>(runId: string, fn: () => T): T {
    return inFlow.run({ runId, guard: this }, fn);
  }

  stop(): void {
    if (!guards.delete(this) || guards.size > 0) return;
    unwatch();
    inFlow.disable();
  }
}

function onCall(what: Unrepeatable, caller: (...args: never[]) => unknown): void {
  const flow = inFlow.getStore();
  if (flow === undefined || !guards.has(flow.guard)) return;
  const place = userPlace(caller);
  if (place !== undefined) flow.guard.meet({ ...what, runId: flow.runId, place });
}
