import { expect, test } from "vitest";
import { diffVersions } from "../../src/debug/diff-versions.ts";
import { flow } from "../../src/definition/flow.ts";
import type { FlowContext } from "../../src/definition/flow-context.ts";
import { record } from "./support/record.ts";

const called: string[] = [];
const work = (ctx: FlowContext, name: string): Promise<string> =>
  ctx.step(name, () => {
    called.push(name);
    return name;
  });

const before = flow("trip", async (ctx) => [await work(ctx, "book"), await work(ctx, "pay")]);

async function parted(after: (ctx: FlowContext) => Promise<unknown>) {
  const run = await record([before]);
  called.length = 0;
  const found = await diffVersions(run, { a: before, b: flow("trip", after) });
  expect(called).toEqual([]);
  return found;
}

test("two versions that ask for the same and end alike are the same, and no step was executed", async () => {
  const { isSame, first, a, b } = await parted(async (ctx) => {
    const booked = await work(ctx, "book");
    return [booked, await work(ctx, "pay")];
  });
  expect({ isSame, first }).toEqual({ isSame: true, first: undefined });
  expect([a.verdict, b.verdict]).toEqual(["fits", "fits"]);
});

test("the first command in which two versions differ is named, with what each asks for", async () => {
  const { isSame, first, b } = await parted(async (ctx) => [
    await work(ctx, "book"),
    await work(ctx, "charge"),
  ]);
  expect(isSame).toBe(false);
  expect(first).toMatchObject({ after: 1, a: { id: "pay#1" }, b: { id: "charge#1" } });
  expect(b.verdict).toBe("parks");
});

test("a version that asks for less ends where the other one goes on", async () => {
  const { first } = await parted(async (ctx) => [await work(ctx, "book")]);
  expect(first).toMatchObject({ after: 1, a: { id: "pay#1" }, b: undefined });
});

test("versions that ask for the same and give something else are not the same", async () => {
  const { isSame, first, b } = await parted(async (ctx) => {
    await work(ctx, "book");
    return work(ctx, "pay");
  });
  expect({ isSame, first }).toEqual({ isSame: false, first: undefined });
  expect(b.differs).toMatchObject({ replayed: 'completed with "pay"' });
});
