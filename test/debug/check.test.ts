/** What a check finds, run by run and added up. */
import { expect, test } from "vitest";
import { check } from "../../src/debug/check.ts";
import { CheckTally, hasMisfits, hasUnchecked } from "../../src/debug/check-report.ts";
import { flow, signal } from "../../src/index.ts";
import { record } from "./support/record.ts";

const go = signal("go");

test("runs that would be parked for the same reason are one cause, and no step is executed", async () => {
  let executed = 0;
  const effect = (): number => ++executed;
  const before = flow("order", async (ctx) => {
    await ctx.step("charge", effect);
    await ctx.receive(go);
  });
  const runs = [await record([before]), await record([before]), await record([before])];
  const executedBefore = executed;

  const same = await check(runs, { definitions: [before] });
  expect(same).toEqual({ runs: 3, fits: 3, fitsByFlow: { order: 3 }, causes: [] });

  const after = flow("order", async (ctx) => {
    await ctx.step("charge card", effect);
    await ctx.receive(go);
  });
  const seen: string[] = [];
  const changed = await check(runs, {
    definitions: [after],
    onRun: ({ verdict }) => seen.push(verdict),
  });
  expect(changed).toMatchObject({
    runs: 3,
    fits: 0,
    fitsByFlow: { order: 0 },
    causes: [
      {
        kind: "parks",
        flow: "order",
        runs: 3,
        text: "recorded is StepCompleted of step charge#1; the code asks for step charge card#1",
        hint: expect.stringContaining("charge card#1"),
        place: expect.stringContaining("check.test.ts:"),
      },
    ],
  });
  expect(seen).toEqual(["parks", "parks", "parks"]);
  expect([hasMisfits(changed), hasUnchecked(changed)]).toEqual([true, false]);
  expect(executed).toBe(executedBefore);
});

test("a run without code, and one that has ended and would end otherwise, are told apart", async () => {
  const ended = flow("sum", async () => 1);
  const [run, other] = [await record([ended]), await record([flow("gone", async () => 1)])];
  const report = await check([run, other], { definitions: [flow("sum", async () => 2)] });
  expect(report.causes).toMatchObject([
    { kind: "differs", flow: "sum", text: "it completed with 1; the code completed with 2" },
    { kind: "no-code", flow: "gone" },
  ]);
  expect([hasMisfits(report), hasUnchecked(report)]).toEqual([true, true]);
});

test("keys and numbers make no cause of their own, flows and names do, and examples are few", () => {
  const tally = new CheckTally();
  const parks = { verdict: "parks", reason: "mismatch", place: "", hint: "" } as const;
  for (let at = 0; at < 3_000; at++) {
    const expected = `StepCompleted of step resize ${at}#1`;
    const asked = `child 46eab55d3b4666a45b05d9fe${at}`;
    tally.add({ ...parks, run: `order:${at}`, flow: "order", expected, asked });
  }
  tally.add({ ...parks, run: "order:x", flow: "order", expected: "step a#1", asked: "step b#1" });
  tally.add({ ...parks, run: "other:x", flow: "other", expected: "step a#1", asked: "step b#1" });
  const { causes } = tally.report;
  expect(causes.map(({ runs, examples }) => [runs, examples.length])).toEqual([
    [3_000, 5],
    [1, 1],
    [1, 1],
  ]);
});
