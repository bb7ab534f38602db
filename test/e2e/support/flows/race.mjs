import { setTimeout as delay } from "node:timers/promises";
import { flow } from "../../../../dist/index.js";
import { note } from "../effects.mjs";

/** A race of two steps and a timer, and then steps that a replay only reaches with the same winner. */
const race = flow("race", { crashes: { limit: 1_000 } }, async (ctx) => {
  const racer = (name) =>
    ctx.step(name, async () => {
      // By chance, and not by ctx.random(): another execution may take another time.
      await delay(Math.random() * 20);
      return name;
    });
  const winner = await Promise.race([
    racer("left"),
    racer("right"),
    ctx.sleep(Math.ceil(20 * ctx.random())).then(() => "sleep"),
  ]);
  // Not a step: every activation that gets here says whom it saw win.
  note({ run: ctx.runId, winner });
  await ctx.step(`won by ${winner}`, () => undefined);
  await ctx.sleep(5);
  await ctx.step("last", () => undefined);
  return winner;
});

export const definitions = [race];
