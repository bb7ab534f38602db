import { setTimeout as delay } from "node:timers/promises";
import { shiftClock } from "../../../../chaos/processes/shifted-clock.mjs";
import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

/** Sets the clock of its own process wrong, and then takes its time. */
const clockwork = flow("clockwork", (ctx, { shiftMs, thenMs }) =>
  ctx.step("set", async (info) => {
    effect(info);
    shiftClock(shiftMs);
    await delay(thenMs);
    return process.pid;
  }),
);

export const definitions = [clockwork];
