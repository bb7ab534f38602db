import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

/** Notes that it was run, and when it was due. */
const tick = flow("tick", async (ctx) => {
  await ctx.step("tick", (info) => effect(info, { due: ctx.metadata["millrace.due"] }));
});

export const definitions = [tick];
