import { flow } from "../../../../dist/index.js";
import { effect, gate } from "../effects.mjs";

/** patched-old with a step before the scales, for runs whose history does not go on past it. */
const parcel = flow("parcel", { version: "2" }, async (ctx) => {
  await ctx.step("pack", (info) => effect(info));
  const isInsured = ctx.patch("insure");
  if (isInsured) await ctx.step("insure", (info) => effect(info));
  await ctx.step("weigh", (info) => effect(info));
  await ctx.step("collect", async (info) => {
    effect(info);
    await gate("truck", info.signal);
  });
  await ctx.step("send", (info) => effect(info));
  return isInsured ? "new" : "old";
});

export const definitions = [parcel];
