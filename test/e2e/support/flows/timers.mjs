import { flow } from "../../../../dist/index.js";
import { effect, note } from "../effects.mjs";

const crashes = { limit: 50 };

const sleeper = flow("sleeper", { crashes }, async (ctx, ms) => {
  await ctx.step("before", (info) => effect(info));
  await ctx.sleep(ms);
  note({ run: ctx.runId, awake: ctx.now() });
  await ctx.step("after", (info) => effect(info));
  return ctx.now();
});

const until = flow("until", { crashes }, async (ctx, time) => {
  await ctx.sleepUntil(time);
  note({ run: ctx.runId, awake: ctx.now() });
  return "in time";
});

/** Timers that are set in another order than they fire. */
const several = flow("several", { crashes }, async (ctx, delays) => {
  const order = [];
  await Promise.all(delays.map(async (ms) => ctx.sleep(ms).then(() => order.push(ms))));
  return order;
});

export const definitions = [sleeper, until, several];
