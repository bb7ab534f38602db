/** What `millrace.runs` tells, from a server with its projection in SQL, over a real broker. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import type { RunSummary } from "../../src/client/run-summary.ts";
import { flow } from "../../src/definition/flow.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";
import { serve } from "../../src/worker/serve.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const silent = pino({ level: "silent" });

const pay = flow("pay", async (_, order: number) => {
  if (order % 3 === 0) throw new TypeError(`Order ${order} has no card`);
  return order;
});
const wait = flow("wait", async (ctx) => {
  await ctx.sleep("1h");
});

async function server(connection: Millrace): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const database = join(folder, "view.db");
  const running = await startServer({ connection, database, port: 0, log: silent });
  onTestFinished(async () => {
    await running.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return running;
}

test("runs of every flow are found, counted and cancelled by what they are, and not once the server is gone", async () => {
  const bed = await beds.open();
  const { millrace } = bed;
  const worker = await serve([pay, wait], { connection: millrace, lease: "10s", log: silent });
  onTestFinished(() => worker.drain());
  const running = await server(millrace);

  for (let order = 0; order < 30; order++) {
    await millrace.submit(pay, order, { key: `o${order}`, tags: [`half:${order % 2}`] });
  }
  const waiting = await Promise.all(
    [1, 2, 3, 4].map((at) => millrace.submit(wait, undefined, { key: `w${at}` })),
  );
  const { runs } = millrace;
  await until("all have ended and are projected", async () => {
    const { count } = await runs.count("flow:pay status:failed,completed");
    return count === 30;
  });
  // Every run has a partition of its own, and each partition is projected at its own pace.
  await until("those that wait are projected too", async () => {
    const { count } = await runs.count("flow:wait");
    return count === 4;
  });

  const failed: RunSummary[] = [];
  const list = runs.list("status:failed text:card", { pageSize: 3 });
  for await (const run of list) failed.push(run);
  expect(failed.map(({ key }) => key)).toEqual(
    [27, 24, 21, 18, 15, 12, 9, 6, 3, 0].map((order) => `o${order}`),
  );
  expect(failed[0]?.error).toMatchObject({ name: "TypeError", message: "Order 27 has no card" });
  expect(new Set(failed.map(({ error }) => error?.fingerprint)).size).toBe(1);
  const evenFailed = await runs.list({ status: "failed", tags: ["half:0"] }).page();
  expect(evenFailed.runs.map(({ key }) => key)).toEqual(["o24", "o18", "o12", "o6", "o0"]);

  const one = await runs.get("pay:o1");
  expect(one).toMatchObject({ status: "completed", closed: true, tags: ["half:1"], epoch: 1 });
  expect(one.closedAt?.getTime()).toBeGreaterThanOrEqual(one.submittedAt.getTime());
  const stats = await runs.stats();
  expect(stats).toContainEqual({ flow: "pay", queue: "pay", status: "failed", count: 10 });
  expect(stats).toContainEqual({ flow: "pay", queue: "pay", status: "completed", count: 20 });
  await expect(runs.count("status:odd")).rejects.toMatchObject({ code: "INVALID_QUERY" });

  expect(await runs.cancelWhere("flow:wait", { dryRun: true })).toEqual({ count: 4 });
  const job = await runs.cancelWhere("flow:wait", { reason: "enough" });
  expect(await job.result()).toMatchObject({ state: "done", expected: 4, done: 4, failed: 0 });
  for (const run of waiting) {
    await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  }
  await until("that is projected too", async () => {
    const { count } = await runs.count("flow:wait status:cancelled");
    return count === 4;
  });

  await running.stop();
  await expect(runs.count()).rejects.toMatchObject({ code: "NO_ANSWER" });
  // Runs need no server.
  const after = await millrace.submit(pay, 31, { key: "after" });
  expect(await after.result({ timeout: "60s" })).toBe(31);
});
