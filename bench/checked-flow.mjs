/** What `check.mjs` replays: a step after the other, then a signal. */
import { flow, signal } from "millrace";

const go = signal("go");

export const checked = flow("checked", async (ctx) => {
  for (let index = 0; index < 47; index++) await ctx.step("step", () => index);
  await ctx.receive(go, { timeout: "1d" });
});
