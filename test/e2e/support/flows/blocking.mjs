import { flow } from "../../../../dist/index.js";
import { effect, gate, note } from "../effects.mjs";

/** Keeps the event loop from turning. */
function block(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

const blocking = flow("work", async (ctx, { name, blockMs, gated = false }) => {
  await ctx.step("before", async (info) => {
    effect(info);
    if (gated) await gate("together", info.signal);
  });
  await ctx.step("hard", (info) => {
    effect(info);
    block(blockMs);
    note({ run: info.runId, unblocked: true });
  });
  await ctx.step("after", (info) => effect(info));
  return name;
});

export const definitions = [blocking];
