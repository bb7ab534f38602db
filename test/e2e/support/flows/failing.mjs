import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

/** Fails in its second step, unless this worker has the fix. */
const failing = flow("failing", async (ctx, why) => {
  await ctx.step("before", (info) => effect(info));
  await ctx.step("wrong", (info) => {
    effect(info);
    if (process.env.FIXED !== undefined) return;
    const error = new TypeError(`no: ${why}`, { cause: new RangeError("deep") });
    throw Object.assign(error, { detail: { depth: 1 } });
  });
  await ctx.step("after", (info) => effect(info));
  return `${why}, attempt ${ctx.attempt}`;
});

export const definitions = [failing];
