import { setTimeout as delay } from "node:timers/promises";
import { flow, task } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

const add = task("add", { crashes: { limit: 50 } }, async ({ to, number, ms = 0 }, info) => {
  effect(info);
  if (ms > 0) await delay(ms);
  return to + number;
});

/** `count` steps, one after the other: 1 + 2 + … */
const steps = flow("steps", { crashes: { limit: 50 } }, async (ctx, { count, ms }) => {
  let sum = 0;
  for (let number = 1; number <= count; number++) sum = await ctx.run(add, { to: sum, number, ms });
  return sum;
});

/** The same numbers, added up at once. */
const fan = flow("fan", { crashes: { limit: 50 } }, async (ctx, { count, ms }) => {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  const outputs = await ctx.all(numbers, (number) => ctx.run(add, { to: 0, number, ms }));
  return outputs.reduce((sum, number) => sum + number, 0);
});

export const definitions = [steps, fan, add];
