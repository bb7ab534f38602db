import { type AnyDefinition, isDefinition } from "./definition.ts";
import type { Schedule } from "./schedule.ts";
import type { Trigger } from "./trigger.ts";

/** What a worker can serve. */
export type Served = AnyDefinition | Trigger | Schedule;

/** True for what `flow()`, `task()`, `trigger()` and `schedule()` give. */
export function isServed(value: unknown): value is Served {
  if (isDefinition(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  if (!("kind" in value && "spec" in value)) return false;
  return value.kind === "trigger" || value.kind === "schedule";
}
