import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

/** patched-old with a mistake: it throws where the history goes on. */
const parcel = flow("parcel", { version: "3" }, async (ctx) => {
  await ctx.step("pack", (info) => effect(info));
  throw new TypeError("Cannot read properties of undefined");
});

export const definitions = [parcel];
