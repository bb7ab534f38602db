/** What waits for a broker that is away can be ended all the same. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import type { Delivery } from "../../src/ports/work-queue.ts";
import { serve } from "../../src/worker/serve.ts";

async function server(): Promise<NatsServer> {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-review-"));
  const started = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await started.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  return started;
}

test("a connection is closed although its broker is away", async () => {
  const broker = await server();
  const millrace = await connect({ servers: broker.url });
  await broker.kill();
  await millrace.close();
  expect(millrace.broker.closed.aborted).toBe(true);
});

test("a worker drains although its broker is away", async () => {
  const broker = await server();
  const millrace = await connect({ servers: broker.url });
  let started = false;
  const waits = flow("waits", async (ctx) => {
    await ctx.step("first", () => {
      started = true;
    });
    await ctx.sleep("1h");
  });
  const worker = await serve([waits], {
    connection: millrace,
    drainGrace: "100ms",
    log: pino({ level: "silent" }),
  });
  await millrace.submit(waits);
  await expect.poll(() => started).toBe(true);
  await broker.kill();
  await worker.drain();
  expect(worker.stats.held).toBe(0);
  await millrace.close();
});

test("who waits for a result hears at once that the connection was closed", async () => {
  const broker = await server();
  const millrace = await connect({ servers: broker.url });
  const run = await millrace.submit("nobody-serves-it");
  const ended = run.result().catch((error: unknown) => error);
  await millrace.close();
  // It would look again by itself after ten seconds.
  const heard = Promise.race([ended, delay(8_000, "nothing for eight seconds", { ref: false })]);
  expect(await heard).toMatchObject({ code: "CONNECTION_CLOSED" });
});

test("what is sent into a connection that closes is lost, and no error (I11)", async () => {
  const { url } = await server();
  const outside = await connect({ servers: url });
  onTestFinished(() => outside.close());
  for (let round = 0; round < 5; round++) {
    const { broker } = await connect({ servers: url });
    const deliveries: Delivery[] = [];
    const reader = await broker.queues.open({
      queues: ["q"],
      room: (kind) => (kind === "new" ? 1 : 0),
      onDelivery: (delivery) => deliveries.push(delivery),
      onForeign: () => undefined,
    });
    await outside.submit("q");
    await expect.poll(() => deliveries.length).toBeGreaterThan(0);
    const closing = broker.close();
    while (!broker.closed.aborted) {
      reader.more();
      deliveries[0]?.giveBack();
      broker.hints.send("_INBOX.nobody", new Uint8Array());
      await new Promise(setImmediate);
    }
    await closing;
    await reader.stop();
  }
});
