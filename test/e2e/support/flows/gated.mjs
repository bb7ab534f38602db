import { flow } from "../../../../dist/index.js";
import { effect, gate, note } from "../effects.mjs";

/** A step, two at once that each wait at a gate of their name, and one more. */
const gated = flow("gated", async (ctx) => {
  await ctx.step("first", (info) => effect(info));
  const wait = (name) =>
    ctx.step(name, async (info) => {
      effect(info);
      info.signal.addEventListener("abort", () =>
        note({ run: info.runId, aborted: info.step, because: info.signal.reason.code }),
      );
      await gate(name, info.signal);
      return name;
    });
  const both = await Promise.all([wait("left"), wait("right")]);
  await ctx.step("last", (info) => effect(info));
  return both;
});

const quick = flow("quick", async (ctx, input) =>
  ctx.step("only", (info) => {
    effect(info);
    return input;
  }),
);

export const definitions = [gated, quick];
