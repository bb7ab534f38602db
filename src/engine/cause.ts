import { CAUSE_DEPTH, CAUSE_TRIGGER } from "./cloud-event.ts";

/** What a run's metadata says of the trigger that led to it: what its children inherit, whatever else they are given. */
export function causeIn(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const cause: Record<string, string> = {};
  for (const name of [CAUSE_DEPTH, CAUSE_TRIGGER]) {
    const value = metadata[name];
    if (value !== undefined) cause[name] = value;
  }
  return cause;
}

/** How many firings of triggers led to a run, one after the other. 0 for what says nothing, or nonsense. */
export function causeDepth(metadata: Readonly<Record<string, string>>): number {
  const depth = Number(metadata[CAUSE_DEPTH]);
  return Number.isSafeInteger(depth) && depth > 0 ? depth : 0;
}
