import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApiClient } from "../../src/api-client/index.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";
import { serve } from "../../src/worker/serve.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });

const approval = flow("approval", async (ctx, what: unknown) => {
  const by = await ctx.receive(signal<unknown>("approve"));
  return { what, by };
});

/** One more server of the bed's namespace, as another process would have it. */
async function replica(bed: TestBed, port = 0): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-http-"));
  const connection = await connect({ servers: bed.servers, namespace: bed.namespace });
  const database = join(folder, "view.db");
  const server = await startServer({ connection, port, database, log, grace: "1s" });
  onTestFinished(async () => {
    await server.stop();
    await connection.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return server;
}

async function worker(bed: TestBed): Promise<void> {
  const serving = await serve([approval], { connection: bed.millrace, lease: "1s", log });
  onTestFinished(() => serving.drain());
}

test("the typed client submits at one replica, finds at another, and signals: one run, one result", async () => {
  const bed = await beds.open();
  await worker(bed);
  const [one, other] = [await replica(bed), await replica(bed)];
  const [here, there] = [one, other].map(({ url }) => createApiClient({ baseUrl: url }));
  const body = { flow: "approval", key: "a/1", input: { sum: 7 }, tags: ["job:42"] };
  const first = await here?.POST("/api/v1/runs", { body });
  const second = await there?.POST("/api/v1/runs", { body });
  expect([first?.response.status, second?.response.status]).toEqual([201, 200]);
  const path = { id: "approval:a/1" };
  const found = await until("the other replica finds it", async () => {
    const page = await there?.GET("/api/v1/runs", { params: { query: { q: "tag:job:42" } } });
    return page?.data?.runs[0];
  });
  expect(found).toMatchObject({ id: path.id, flow: "approval", tags: ["job:42"] });
  const waiting = here?.GET("/api/v1/runs/{id}/result", {
    params: { path, query: { wait: "60s" } },
  });
  await there?.POST("/api/v1/runs/{id}/signal", {
    params: { path },
    body: { name: "approve", value: "ann" },
  });
  expect((await waiting)?.data).toEqual({
    id: path.id,
    status: "completed",
    output: { what: { sum: 7 }, by: "ann" },
  });
  const missing = await there?.GET("/api/v1/runs/{id}", {
    params: { path: { id: "approval:no" } },
  });
  expect(missing?.error).toMatchObject({ status: 404, code: "RUN_NOT_FOUND" });
});

test("a client that waits while its server is stopped and started again gets the result", async () => {
  const bed = await beds.open();
  await worker(bed);
  const server = await replica(bed);
  await bed.millrace.submit("approval", 1, { key: "1" });
  const url = `${server.url}/api/v1/runs/approval:1/result?wait=60s`;
  const waiting = fetch(url);
  await until("it waits", async () => (await bed.millrace.attach("approval:1").state()).epoch > 0);
  await server.stop();
  // Whether it was told 202 or cut off: it asks again.
  await waiting.catch(() => undefined);
  await replica(bed, server.port);
  const again = fetch(url);
  await bed.millrace.attach("approval:1").signal(signal<unknown>("approve"), "bob");
  expect(await (await again).json()).toMatchObject({ status: "completed", output: { by: "bob" } });
});

test("with every server stopped runs go on, and the next server knows what happened", async () => {
  const bed = await beds.open();
  await worker(bed);
  await (await replica(bed)).stop();
  const run = await bed.millrace.submit("approval", 1, { key: "1" });
  await run.signal(signal<unknown>("approve"), "cid");
  expect(await run.result({ timeout: "60s" })).toEqual({ what: 1, by: "cid" });
  const api = createApiClient({ baseUrl: (await replica(bed)).url });
  const seen = await until("the view has caught up", async () => {
    const page = await api.GET("/api/v1/runs", { params: { query: { q: "status:completed" } } });
    return page.data?.runs[0];
  });
  expect(seen).toMatchObject({ id: "approval:1", closed: true });
});
