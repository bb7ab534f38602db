import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { flow } from "millrace";

export const STEPS = 10;

/** Ten steps, every second one of 100 ms. Each leaves a line in a ledger, whether or not its result is ever recorded. */
export const drill = flow("drill", async (ctx, seed: number) => {
  let value = seed;
  for (let n = 0; n < STEPS; n++) {
    value = await ctx.step("work", async ({ step }) => {
      note(`${ctx.runId} ${step}`);
      if (n % 2 === 1) await delay(100);
      return next(value, n);
    });
  }
  return value;
});

/** What the flow must come to, however often its worker dies. */
export function expectedResult(seed: number): number {
  let value = seed;
  for (let n = 0; n < STEPS; n++) value = next(value, n);
  return value;
}

function next(value: number, n: number): number {
  return (value * 31 + n) % 1_000_003;
}

/** One file per process, written before the step goes on: kill -9 loses none of it. */
function note(line: string): void {
  const folder = process.env["DRILL_LEDGER"];
  if (folder !== undefined) appendFileSync(join(folder, String(process.pid)), `${line}\n`);
}
