import { expect, test } from "vitest";
import { z } from "zod";
import { isDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { task } from "../../src/definition/task.ts";
import { InvalidNameError, InvalidOptionError } from "../../src/engine/usage-errors.ts";

async function fn(): Promise<void> {}

test("a flow keeps its name and function, waits in the queue of its name, and may crash 5 times", () => {
  expect(flow("checkout", fn)).toEqual({
    kind: "flow",
    name: "checkout",
    fn,
    input: undefined,
    output: undefined,
    queue: "checkout",
    version: "",
    crashLimit: 5,
    attributes: {},
  });
});

test("a flow's options are taken over", () => {
  const input = z.object({ id: z.string() });
  const options = { input, queue: "slow", crashes: { limit: 0 } };
  expect(flow("checkout", options, () => 1)).toMatchObject({
    input,
    queue: "slow",
    crashLimit: 0,
  });
});

test.each(["", "a.b", "a b", "*", ">", "a:b", "x".repeat(129), "größe"])(
  "a flow may not be named %j, and one queue name more is refused too",
  (name) => {
    expect(() => flow(name, () => 1)).toThrow(InvalidNameError);
    expect(() => flow("a", { queue: name }, () => 1)).toThrow(InvalidNameError);
    expect(() => task(name, () => 1)).toThrow(InvalidNameError);
    expect(() => task("a", { queue: name }, () => 1)).toThrow(InvalidNameError);
  },
);

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "a crash budget of %d is refused when the flow is defined",
  (limit) => {
    expect(() => flow("a", { crashes: { limit } }, () => 1)).toThrow(InvalidOptionError);
    expect(() => task("a", { crashes: { limit } }, () => 1)).toThrow(InvalidOptionError);
  },
);

test("a definition without a function is an error that names it", () => {
  expect(() => flow("a", {}, undefined as never)).toThrow(/flow\("a"\) has no function/);
  expect(() => task("a", {}, undefined as never)).toThrow(/task\("a"\) has no function/);
});

test("flows and tasks are told from anything else that a module exports", () => {
  expect([flow("a", () => 1), task("a", () => 1)].every(isDefinition)).toBe(true);
  const others = [undefined, null, 1, "flow", () => 1, {}, { kind: "flow" }];
  expect([...others, { kind: "flow", fn: 1, crashLimit: 1 }].some(isDefinition)).toBe(false);
});
