import { expect, test } from "vitest";
import { StepNumbers } from "../../src/engine/step-id.ts";

test("each use of a name gets the next number, whatever other names do", () => {
  const numbers = new StepNumbers();
  expect(["charge", "ship", "charge", "charge", "ship"].map((name) => numbers.next(name))).toEqual([
    "charge#1",
    "ship#1",
    "charge#2",
    "charge#3",
    "ship#2",
  ]);
});

test("another scope counts from one again", () => {
  new StepNumbers().next("charge");
  expect(new StepNumbers().next("charge")).toBe("charge#1");
});

test("a name that objects have anyway is a name like any other", () => {
  expect(new StepNumbers().next("constructor")).toBe("constructor#1");
  expect(new StepNumbers().next("__proto__")).toBe("__proto__#1");
});
