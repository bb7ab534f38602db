/** What was probably done to the code, told by real flows: one recorded, the other replayed. */
import { describe, expect, test } from "vitest";
import { replay } from "../../src/debug/replay.ts";
import { flow } from "../../src/definition/flow.ts";
import type { FlowContext } from "../../src/definition/flow-context.ts";
import { signal } from "../../src/definition/signal.ts";
import { record } from "./support/record.ts";

type Code = (ctx: FlowContext) => Promise<unknown>;

const step = (ctx: FlowContext, name: string): Promise<string> => ctx.step(name, () => name);
const go = signal("go");
const halt = signal("halt");
const inner = flow("inner", async (ctx) => step(ctx, "charge"));
const child = flow("child", async () => 1);

const before: Code = async (ctx) => {
  await step(ctx, "reserve");
  await step(ctx, "charge");
  await step(ctx, "ship");
};

const CASES: readonly (readonly [what: string, before: Code, now: Code, hint: object])[] = [
  [
    "a step that is called otherwise",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await step(ctx, "charge card");
      await step(ctx, "ship");
    },
    { change: "renamed", recorded: "charge#1", asked: "charge card#1" },
  ],
  [
    "the last step, called otherwise",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await step(ctx, "charge");
      await step(ctx, "deliver");
    },
    { change: "renamed", recorded: "ship#1", asked: "deliver#1" },
  ],
  [
    "a step that was added in front",
    before,
    async (ctx) => {
      await step(ctx, "audit");
      await before(ctx);
    },
    { change: "added", recorded: "reserve#1", asked: "audit#1" },
  ],
  [
    "a sleep that was added between",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await ctx.sleep("1h");
      await step(ctx, "charge");
      await step(ctx, "ship");
    },
    { recorded: "charge#1", asked: "sleep#1" },
  ],
  [
    "a step that is gone",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await step(ctx, "ship");
    },
    { change: "removed", recorded: "charge#1", asked: "ship#1" },
  ],
  [
    "the last step, which is gone",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await step(ctx, "charge");
    },
    { change: "removed", recorded: "ship#1" },
  ],
  [
    "two steps that changed places",
    before,
    async (ctx) => {
      await step(ctx, "charge");
      await step(ctx, "reserve");
      await step(ctx, "ship");
    },
    { change: "reordered", recorded: "reserve#1", asked: "charge#1" },
  ],
  [
    "a step that is a child now",
    async (ctx) => step(ctx, "child"),
    async (ctx) => ctx.submit(child),
    { change: "retyped", recorded: "child#1", asked: "child#1" },
  ],
  [
    "a step that went into a flow inside",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await ctx.run(inner);
      await step(ctx, "ship");
    },
    { change: "moved", recorded: "charge#1", asked: "inner#1/charge#1" },
  ],
  [
    "a signal that is called otherwise",
    async (ctx) => {
      await ctx.receive(go);
      await step(ctx, "ship");
    },
    async (ctx) => {
      await ctx.receive(halt);
      await step(ctx, "ship");
    },
    { change: "signal-renamed", recorded: "ship#1", asked: "halt#1" },
  ],
  [
    "a promise that is not of the context",
    before,
    async (ctx) => {
      await step(ctx, "reserve");
      await new Promise(() => undefined);
      await step(ctx, "charge");
    },
    { change: "awaits-else", recorded: "charge#1" },
  ],
  [
    "one of several at once, called otherwise",
    (ctx) => Promise.all([step(ctx, "left"), step(ctx, "middle"), step(ctx, "right")]),
    (ctx) => Promise.all([step(ctx, "left"), step(ctx, "midle"), step(ctx, "right")]),
    { change: "renamed", recorded: "middle#1", asked: "midle#1" },
  ],
  [
    "a loop that is a round shorter",
    async (ctx) => {
      for (let round = 0; round < 3; round++) await step(ctx, "poll");
    },
    async (ctx) => {
      for (let round = 0; round < 2; round++) await step(ctx, "poll");
    },
    { change: "removed", recorded: "poll#3" },
  ],
];

describe("a replay says what was changed", () => {
  test.each(CASES)("%s", async (_, recorded, now, hint) => {
    const run = await record([flow("shop", recorded), child], undefined, async (stage, handle) => {
      await stage.clock.until(handle.signal(go).catch(() => undefined));
    });
    const same = await replay(run, { definition: flow("shop", recorded) });
    expect(same.verdict).toBe("fits");
    const { verdict, parks } = await replay(run, { definition: flow("shop", now) });
    expect({ verdict, hint: parks?.hint }).toMatchObject({ verdict: "parks", hint });
    expect(parks?.mismatch.asked).not.toBe("");
  });
});
