import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";

/** Something that gives another answer in each replay, and what a flow uses in its place. */
export interface Unrepeatable {
  readonly call: string;
  readonly instead: string;
}

/**
 * Tells of each call of the process's own functions of time, chance and network, before it is made; `caller` is the function
 * that was called, for the stack. They do what they do, unless `onCall` throws. The function it gives undoes all of it.
 */
export function watchUnrepeatable(onCall: OnCall): () => void {
  const undo = [watchDate(onCall), ...places().map((place) => watchOne(place, onCall))];
  syncBuiltinESMExports();
  return () => {
    for (const undoOne of undo) undoOne();
    syncBuiltinESMExports();
  };
}

export type OnCall = (what: Unrepeatable, caller: (...args: never[]) => unknown) => void;

const NOW = "Use ctx.now().";
const CHANCE = "Use ctx.random() or ctx.uuid(), or make secrets in a step.";
const WAIT = "Use ctx.sleep().";
const STEP = "Put it in a step: ctx.step(name, fn).";

interface Place {
  readonly holder: object;
  readonly name: string;
  readonly what: Unrepeatable;
}

function places(): readonly Place[] {
  return [
    ...placesOn(Date, "Date.", NOW, "now"),
    ...placesOn(performance, "performance.", NOW, "now"),
    ...placesOn(Math, "Math.", CHANCE, "random"),
    ...placesOn(globalThis.crypto, "crypto.", CHANCE, "randomUUID getRandomValues"),
    ...placesOn(crypto, "crypto.", CHANCE, "randomUUID randomBytes randomInt"),
    ...placesOn(globalThis, "", WAIT, "setTimeout setInterval setImmediate"),
    ...placesOn(timers, "timers.", WAIT, "setTimeout setInterval setImmediate"),
    ...placesOn(globalThis, "", STEP, "fetch"),
  ];
}

function placesOn(holder: object, prefix: string, instead: string, names: string): Place[] {
  return names
    .split(" ")
    .filter((name) => typeof Reflect.get(holder, name) === "function")
    .map((name) => ({ holder, name, what: { call: `${prefix}${name}()`, instead } }));
}

function watchOne({ holder, name, what }: Place, onCall: OnCall): () => void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  const original = Reflect.get(holder, name) as (...args: never[]) => unknown;
  // A proxy: whatever else stands on the function, such as its form for `promisify`, stays there.
  const watched: typeof original = new Proxy(original, { apply });
  function apply(target: typeof original, self: unknown, args: never[]): unknown {
    onCall(what, apply);
    return Reflect.apply(target, self, args);
  }
  const { enumerable = true } = before ?? {};
  const property = { value: watched, writable: true, configurable: true, enumerable };
  Object.defineProperty(holder, name, property);
  return () => {
    // Somebody may have put something else there meanwhile.
    if (Reflect.get(holder, name) !== watched) return;
    if (before === undefined) Reflect.deleteProperty(holder, name);
    else Object.defineProperty(holder, name, before);
  };
}

/** `new Date()` and `Date()`; a date made of something is the same in every replay. */
function watchDate(onCall: OnCall): () => void {
  const original = Date;
  const watched = new Proxy(original, { construct, apply });
  function construct(target: typeof original, args: [], newTarget: new () => Date): Date {
    if (args.length === 0) onCall({ call: "new Date()", instead: NOW_AS_DATE }, construct);
    return Reflect.construct(target, args, newTarget) as Date;
  }
  function apply(target: typeof original): string {
    onCall({ call: "Date()", instead: NOW_AS_DATE }, apply);
    return target();
  }
  const install = (constructor: typeof original): void => {
    globalThis.Date = constructor;
    // Libraries compare `value.constructor` with `Date`.
    Object.defineProperty(original.prototype, "constructor", {
      value: constructor,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  };
  install(watched);
  return () => {
    if (globalThis.Date === watched) install(original);
  };
}

const NOW_AS_DATE = "Use new Date(ctx.now()).";
