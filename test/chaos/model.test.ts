/** What a plan must come to is computed, and not guessed. */
import { expect, test } from "vitest";
import { type ChildOp, expectedOf, type Input } from "../../chaos/load/model.mjs";
import { planOf } from "../../chaos/load/plans.mjs";

const HOLDS: Input = { ops: [{ op: "hold" }] };

function child(key: string, policy: ChildOp["policy"], input: Input): ChildOp {
  return { op: "child", key, flow: "mixed", input, policy, awaited: false };
}

function statuses(input: Input, stop?: object): Readonly<Record<string, string>> {
  const all = expectedOf({ id: "mixed:a", input, stop });
  return Object.fromEntries(
    all.map(({ id, ends }) => [id, ends.map(({ status }) => status).join(" or ")]),
  );
}

test("a plan is the same whoever makes it again", () => {
  expect(planOf("seed", "client-0", 7)).toEqual(planOf("seed", "client-0", 7));
  expect(planOf("seed", "client-0", 7)).not.toEqual(planOf("seed", "client-1", 7));
});

test("values come in the order of the program, and signals are counted on", () => {
  const input: Input = {
    ops: [
      { op: "receive", count: 2 },
      { op: "step", ms: 1, fails: 4, value: 9 },
      { op: "receive", count: 1 },
    ],
  };
  const [run] = expectedOf({ id: "mixed:a", input });
  expect(run?.ends).toEqual([{ status: "completed", output: [[1, 2], "gave up on 9", [3]] }]);
});

test("children that hold are stopped with the parent that has ended, and their own children with them", () => {
  const grandchild = child("a-c0-c0", "cancel", HOLDS);
  const parent = { ops: [child("a-c0", "cancel", { ops: [grandchild, { op: "hold" }] })] } as const;
  expect(statuses(parent)).toEqual({
    "mixed:a": "completed",
    "mixed:a-c0": "cancelled",
    "mixed:a-c0-c0": "cancelled",
  });
  expect(statuses({ ops: [...parent.ops, { op: "hold" }] })).toMatchObject({
    "mixed:a": "waiting",
    "mixed:a-c0": "waiting",
    "mixed:a-c0-c0": "waiting",
  });
});

test("an abandoned child goes on when its parent is stopped, and any other may come to its end before", () => {
  const ends: Input = { ops: [] };
  const parent: Input = { ops: [child("a-c0", "abandon", ends), child("a-c1", "", ends)] };
  expect(statuses(parent, { how: "cancel" })).toEqual({
    "mixed:a": "cancelled",
    "mixed:a-c0": "completed",
    "mixed:a-c1": "completed or cancelled",
  });
});
