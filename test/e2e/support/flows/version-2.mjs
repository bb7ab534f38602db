import { flow } from "../../../../dist/index.js";
import { effect, gate } from "../effects.mjs";

/** version-1 with its first step renamed. */
const order = flow("order", async (ctx, input) => {
  const price = await ctx.step("quote", (info) => {
    effect(info);
    return input * 2;
  });
  await ctx.step("approve", async (info) => {
    effect(info);
    await gate("approval", info.signal);
  });
  return price;
});

export const definitions = [order];
