import { inspect, isDeepStrictEqual } from "node:util";
import { isStep } from "./crash-points.ts";
import type { TestEvent } from "./test-event.ts";

/**
 * What an event is to be like: its type, and any of its fields. A `step` without a number stands for each of its name; of a value
 * that is an object, the given fields count; an error is compared by its message.
 */
export type EventPattern = PatternOf<TestEvent>;

type PatternOf<Event extends TestEvent> = Event extends unknown
  ? { readonly type: Event["type"] } & { readonly [Field in keyof Event]?: unknown }
  : never;

/** True when the event is as the pattern says. */
export function matches(event: TestEvent, pattern: EventPattern): boolean {
  const fields = event as Readonly<Record<string, unknown>>;
  return Object.entries(pattern).every(([field, expected]) =>
    field === "step" && typeof expected === "string"
      ? isStep(String(fields[field]), expected)
      : isLike(fields[field], expected),
  );
}

/** True when they speak of the same thing, whatever became of it. */
export function isAbout(event: TestEvent, pattern: EventPattern): boolean {
  if (event.type !== pattern.type) return false;
  const { step } = pattern as { readonly step?: unknown };
  return typeof step !== "string" || !("step" in event) || isStep(event.step, step);
}

/** The fields of the event of which a pattern speaks, in one line. */
export function lineOf(event: TestEvent, pattern: EventPattern): string {
  const fields = event as Readonly<Record<string, unknown>>;
  const spoken = Object.entries(pattern).map(([field, expected]) => {
    const value = fields[field];
    const isFolded = field === "step" && isStep(String(value), String(expected));
    return [field, isFolded ? expected : likened(value, expected)] as const;
  });
  return lineOfFields(Object.fromEntries(spoken));
}

/** An event or pattern in one line: its type, what it is about, and the rest. */
export function lineOfFields(fields: Readonly<Record<string, unknown>>): string {
  const { type, ...others } = fields;
  const told = Object.entries(others).map(([field, value]) => `${field}: ${shown(value)}`);
  return [String(type), ...told].join("  ");
}

function isLike(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Error) {
    return actual instanceof Error && actual.message === expected.message;
  }
  if (!isRecord(expected)) return isDeepStrictEqual(actual, expected);
  if (!isRecord(actual)) return false;
  return Object.entries(expected).every(([field, value]) => isLike(actual[field], value));
}

/** The value with only the fields that are expected. */
function likened(actual: unknown, expected: unknown): unknown {
  if (!isRecord(actual) || !isRecord(expected) || expected instanceof Error) return actual;
  const fields = Object.entries(expected).map(
    ([field, value]) => [field, likened(actual[field], value)] as const,
  );
  return Object.fromEntries(fields);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 8, sorted: true });
}
