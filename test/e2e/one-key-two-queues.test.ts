/** The queue is part of a submission's subject: one key in two queues must be one run all the same (I1). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { type ServingWorker, serve } from "../../src/worker/serve.ts";

let folder: string;
let server: NatsServer;
let millrace: Millrace;
let worker: ServingWorker | undefined;
const executed: string[] = [];

const shared = flow("shared-flow", { queue: "shared" }, async (ctx, who: string) =>
  ctx.step("once", () => {
    executed.push(ctx.runId);
    return who;
  }),
);

const work = (): Promise<ServingWorker> =>
  serve([shared], { connection: millrace, lease: "10s", log: pino({ level: "silent" }) });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-queues-"));
  server = await startNatsServer({ storeDir: folder });
  millrace = await connect({ servers: server.url });
});

afterAll(async () => {
  await worker?.drain();
  await millrace.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a key that a finished run has is not executed again when it is submitted by name", async () => {
  worker = await work();
  const run = await millrace.submit(shared, "first", { key: "a" });
  expect(await run.result({ timeout: "60s" })).toBe("first");

  const again = await millrace.submit("shared-flow", "second", { key: "a" });
  expect(await again.result({ timeout: "60s" })).toBe("first");
  expect(executed.filter((id) => id === run.id)).toHaveLength(1);
});

test("a key that waits in the flow's queue is refused by name, and the other way round", async () => {
  await worker?.drain();
  worker = undefined;
  await millrace.submit(shared, "first", { key: "b" });
  const byName = millrace.submit("shared-flow", "second", { key: "b", ifExists: "reject" });
  await expect(byName).rejects.toMatchObject({ code: "RUN_EXISTS" });

  await millrace.submit("shared-flow", "first", { key: "c" });
  const byFlow = millrace.submit(shared, "second", { key: "c", ifExists: "reject" });
  await expect(byFlow).rejects.toMatchObject({ code: "RUN_EXISTS" });
});

test("one key that was accepted in two queues before anybody served them is one run (I1)", async () => {
  // By name nothing tells that the flow has a queue of its own, and nobody has taken the run up yet.
  const first = await millrace.submit(shared, "shared", { key: "d" });
  const second = await millrace.submit("shared-flow", "home", { key: "d" });
  worker = await work();
  const result = await first.result({ timeout: "60s" });
  expect(await second.result({ timeout: "60s" })).toBe(result);
  const { frames } = await first.details();
  const ends = frames.flatMap(({ events }) => events).filter(({ type }) => type === "Completed");
  expect(ends).toHaveLength(1);
});
