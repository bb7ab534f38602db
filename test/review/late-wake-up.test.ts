import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { serve } from "../../src/worker/serve.ts";

const go = signal("go");

test("a wake-up that lands late does not replace the one that was set after it", async () => {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock });
  const work = flow("work", async (ctx) => {
    await ctx.receive(go, { timeout: "1h" });
    await ctx.sleep("30s");
    return ctx.now();
  });
  let first = true;
  broker.inject({
    beforeWrite: ({ kind }) => {
      if (kind !== "wake at" || !first) return "stored";
      first = false;
      return { fate: "stored late", lateMs: 8_000 };
    },
  });
  const connection = broker.connect();
  await clock.until(
    serve([work], {
      connection: { broker: connection },
      clock: connection.clock,
      suspendAfter: 0,
      lease: "1s",
      log: pino({ level: "silent" }),
    }),
  );
  const client = new Millrace(broker.connect(), clock);
  const handle = await clock.until(client.submit(work));
  await clock.advance(1);
  await clock.until(handle.signal(go));
  const signalled = clock.now();
  const endedAt = await clock.until(handle.result(), 7_200_000);
  expect(endedAt - signalled).toBeLessThan(31_000);
});
