import { expect, test } from "vitest";
import { type StepInfo, task } from "../../src/definition/task.ts";
import { nextDelayMs } from "../../src/engine/retry.ts";
import { InvalidDurationError, InvalidOptionError } from "../../src/engine/usage-errors.ts";

test("a task that says nothing is tried once, without a limit, from the queue of its name", () => {
  expect(task("charge", () => 1)).toMatchObject({
    kind: "task",
    name: "charge",
    queue: "charge",
    input: undefined,
    retry: { attempts: 1 },
    timeoutMs: undefined,
    crashLimit: 5,
  });
});

test("a task's durations are in milliseconds once it is defined", () => {
  const retry = { attempts: 3, delays: ["1s", "5s"] } as const;
  const charge = task("charge", { retry, timeout: "30s", queue: "slow" }, () => 1);
  expect(charge).toMatchObject({ timeoutMs: 30_000, queue: "slow", retry: { attempts: 3 } });
  expect(nextDelayMs(charge.retry, 2, 0.5)).toBe(5_000);
});

test("what cannot work is refused when the task is defined, not when it first runs", () => {
  expect(() => task("a", { timeout: "soon" as never }, () => 1)).toThrow(InvalidDurationError);
  expect(() => task("a", { retry: { attempts: 0 } }, () => 1)).toThrow(InvalidOptionError);
  expect(() => task("a", { retry: { delays: ["x" as never] } }, () => 1)).toThrow(
    InvalidDurationError,
  );
});

test("a task's function is called directly, without an engine", async () => {
  const double = task("double", async (input: number) => input * 2);
  expect(await double.fn(21, undefined as unknown as StepInfo)).toBe(42);
});
