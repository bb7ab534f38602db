import { setTimeout as delay } from "node:timers/promises";
import { flow, task } from "../../../../dist/index.js";
import { effect, note } from "../effects.mjs";

const crashes = { limit: 50 };

/** Notes when its execution begins and when it ends, for the test to count how many went on at once. */
const limited = flow("limited", { crashes }, async (ctx, { ms }) => {
  await ctx.step("execute", async (info) => {
    effect(info, { phase: "begin" });
    await delay(ms);
    note({ run: info.runId, step: info.step, phase: "end" });
  });
});

const nothing = task("nothing", () => undefined);

export const definitions = [limited, nothing];
