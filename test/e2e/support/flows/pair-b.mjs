import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

export const definitions = [
  flow("b", { queue: "shared" }, async (ctx, input) => {
    await ctx.step("one", (info) => effect(info));
    await ctx.step("two", (info) => effect(info));
    return `b of ${input}`;
  }),
];
