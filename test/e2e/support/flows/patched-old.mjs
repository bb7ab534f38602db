import { flow } from "../../../../dist/index.js";
import { effect, gate } from "../effects.mjs";

/** As it was deployed first. */
const parcel = flow("parcel", { version: "1" }, async (ctx) => {
  await ctx.step("pack", (info) => effect(info));
  await ctx.step("weigh", (info) => effect(info));
  await ctx.step("collect", async (info) => {
    effect(info);
    await gate("truck", info.signal);
  });
  await ctx.step("send", (info) => effect(info));
  return "old";
});

export const definitions = [parcel];
