/** A worker that can keep no lease any more stops by itself, in good order, and takes nobody with it (I12). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { serve } from "../../src/worker/serve.ts";

const log = pino({ level: "silent" });
const go = signal("go");

function storeDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-leases-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function withPassword(password: string): readonly string[] {
  return [`authorization { user: ann, password: ${password} }`];
}

test("a worker whose lease thread ends hands over what it holds, and stops", async () => {
  await using server = await startNatsServer({ storeDir: storeDir() });
  await using millrace = await connect({ servers: server.url });
  const { broker } = millrace;
  const ended = new AbortController();
  const failing = new Millrace({
    ...broker,
    peers: {
      asks: (worker, held) => broker.peers.asks(worker, held),
      openLeases: async (...options) => {
        const keeper = await broker.peers.openLeases(...options);
        return {
          ended: ended.signal,
          keep: (message) => keeper.keep(message),
          onAsked: (call) => keeper.onAsked(call),
          onMissing: (call) => keeper.onMissing(call),
          close: () => keeper.close(),
        };
      },
    },
  });
  const nap = flow("nap", async (ctx) => {
    const first = await ctx.step("first", () => "once");
    await ctx.receive(go);
    return first;
  });
  const first = await serve([nap], { connection: failing, lease: "5s", log });
  const run = await millrace.submit(nap);
  for await (const event of run.events({ follow: true })) if (event.type === "StepCompleted") break;

  ended.abort(new Error("the thread is gone"));
  await first.stopped;
  const second = await serve([nap], { connection: millrace, log });
  await run.signal(go, undefined);
  expect(await run.result({ timeout: "60s" })).toBe("once");
  const { takeOvers, frames } = await run.details();
  expect(takeOvers).toBe(0);
  const events = frames.flatMap((frame) => frame.events).map(({ type }) => type);
  expect(events.filter((type) => type === "StepCompleted")).toHaveLength(1);
  expect(events).toContain("Released");
  await second.drain();
});

test("a broker that refuses both connections for good ends the worker, not the process", async () => {
  const folder = storeDir();
  const before = await startNatsServer({ storeDir: folder, configLines: withPassword("before") });
  const millrace = await connect({ servers: before.url, user: "ann", password: "before" });
  const idle = flow("idle", async (ctx) => ctx.sleep("1h"));
  const worker = await serve([idle], { connection: millrace, lease: "1s", log });
  const run = await millrace.submit(idle);
  for await (const event of run.events({ follow: true })) if (event.type === "TimerSet") break;
  const refused = run.result({ timeout: "60s" }).catch((error: unknown) => error);

  await before.kill();
  const configLines = withPassword("after");
  await using after = await startNatsServer({ storeDir: folder, port: before.port, configLines });
  expect(await refused).toMatchObject({ code: "CONNECTION_CLOSED" });
  await worker.drain();
  await worker.stopped;
  expect(after.port).toBe(before.port);
});
