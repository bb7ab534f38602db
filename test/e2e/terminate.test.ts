/** A run can be ended from outside, whoever has it: the write fences its holder, and its holder hears of it. */
import { pino } from "pino";
import { expect, test } from "vitest";
import { flow, type RunHandle, serve } from "../../src/index.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });

test("a terminated run ends at once, its step is aborted, and its parent is told", async () => {
  const bed = await beds.open();
  let aborted: unknown;
  const endless = flow("endless", async (ctx) => {
    await ctx.step("hang", async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      aborted = signal.reason;
    });
  });
  const parent = flow("parent", async (ctx) => {
    const child = await ctx.submit(endless);
    return child.result();
  });
  const worker = await serve([endless, parent], { connection: bed.millrace, log });
  const run = await bed.millrace.submit(parent);
  let child: RunHandle | undefined;
  await until("the child hangs", async () => {
    [child] = await run.children();
    return child !== undefined && (await child.details()).steps.length > 0;
  });
  await child?.terminate("by hand");
  await expect(child?.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({
    code: "RUN_FAILED",
    cause: { code: "RUN_CANCELLED" },
  });
  await until("the step has heard", () => aborted !== undefined);
  await until("the worker has dropped it", () => worker.stats.held === 0);
  await worker.drain();
});
