/** A failed run that is continued by hand, when its flow did more after the step had failed. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { serve } from "../../src/worker/serve.ts";

test("a flow that cleaned up after a failed step, and let the failure through, is continued at that step (I7)", async () => {
  const broker = new MemoryBroker();
  const millrace = new Millrace(broker.connect());
  const answers = ["declined", "declined again", "paid"];
  const told: string[] = [];
  const order = flow("order", async (ctx) => {
    const payment = await ctx
      .step("charge", () => {
        const answer = answers.shift() ?? "asked too often";
        if (answer !== "paid") throw new Error(answer);
        return answer;
      })
      .catch(async (error: Error) => {
        await ctx.step("tell", () => told.push(error.message));
        await ctx.sleep(1);
        throw error;
      });
    await ctx.step("tell", () => told.push(payment));
    return payment;
  });
  const options = { connection: millrace, log: pino({ level: "silent" }) };
  const first = await serve([order], options);
  const run = await millrace.submit(order);
  await expect(run.result()).rejects.toThrow("declined");
  await run.resume();
  await expect.poll(async () => (await run.details()).error?.message).toBe("declined again");
  await first.drain();

  // Another worker replays both failures and what followed them.
  const second = await serve([order], options);
  onTestFinished(() => second.drain());
  await run.resume();
  await expect.poll(async () => (await run.state()).status).toBe("completed");
  expect(await run.result()).toBe("paid");
  expect(told).toEqual(["declined", "declined again", "paid"]);
});
