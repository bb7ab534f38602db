import { flow } from "../../../../dist/index.js";
import { die, effect } from "../effects.mjs";

/** Its second step kills the worker, as long as the poison is there. */
const poison = flow("poison", { crashes: { limit: 2 } }, async (ctx) => {
  const prepared = await ctx.step("prepare", (info) => {
    effect(info);
    return "prepared";
  });
  await ctx.step("swallow", (info) => {
    effect(info);
    if (process.env.ANTIDOTE === undefined) die();
  });
  return `${prepared} and survived`;
});

/** Kills the worker before anything of it is recorded. */
const instant = flow("instant", { crashes: { limit: 2 } }, async (ctx) => {
  await ctx.step("swallow", (info) => {
    effect(info);
    if (process.env.ANTIDOTE === undefined) die();
  });
  return "survived";
});

const healthy = flow("healthy", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.step("step", (info) => effect(info));
  return count;
});

export const definitions = [poison, instant, healthy];
