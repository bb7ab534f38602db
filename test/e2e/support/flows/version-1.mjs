import { flow } from "../../../../dist/index.js";
import { effect, gate } from "../effects.mjs";

/** As it was deployed first: version-2 calls the first step otherwise. */
const order = flow("order", async (ctx, input) => {
  const price = await ctx.step("price", (info) => {
    effect(info);
    return input * 2;
  });
  await ctx.step("approve", async (info) => {
    effect(info);
    await gate("approval", info.signal);
  });
  await ctx.step("ship", (info) => effect(info));
  return price;
});

export const definitions = [order];
