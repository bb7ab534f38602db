import { setTimeout as delay } from "node:timers/promises";
import { flow, task } from "../../../../dist/index.js";
import { effect, gate, note } from "../effects.mjs";

const crashes = { limit: 50 };

/** Notes when its execution begins and when it ends, for the test to count how many went on at once. */
const limited = flow("limited", { crashes }, async (ctx, { ms = 0, waitsAt }) => {
  await ctx.step("execute", async (info) => {
    effect(info, { phase: "begin", waitsAt });
    await (waitsAt === undefined ? delay(ms) : gate(waitsAt, info.signal));
    note({ run: info.runId, step: info.step, phase: "end" });
  });
});

const nothing = task("nothing", () => undefined);

export const definitions = [limited, nothing];
