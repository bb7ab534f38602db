import { flow } from "../../../../dist/index.js";
import { effect, gate, isOpen, note } from "../effects.mjs";

/** Keeps the event loop from turning, for so long and until the test opens the gate. */
function block(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end || !isOpen("unblock"));
}

const blocking = flow("work", async (ctx, { name, blockMs = 0, gated = false }) => {
  await ctx.step("before", async (info) => {
    effect(info);
    if (gated) await gate("together", info.signal);
  });
  await ctx.step("hard", (info) => {
    effect(info);
    if (blockMs > 0) block(blockMs);
    note({ run: info.runId, unblocked: true });
  });
  await ctx.step("after", (info) => effect(info));
  return name;
});

export const definitions = [blocking];
