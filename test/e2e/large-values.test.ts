/** Values far larger than a message, through a real broker and a real store. */
import { randomFillSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import { type ConnectOptions, connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { S3BlobStore } from "../../src/s3/s3-blob-store.ts";
import { serve } from "../../src/worker/serve.ts";
import { startS3Server } from "../s3/support/start-s3-server.ts";
import { until } from "./support/until.ts";

/** By hand also with 200 MB. */
const BYTES = 64 * 1_048_576;

let storeDir: string;
let server: NatsServer;
beforeAll(async () => {
  storeDir = await mkdtemp(join(tmpdir(), "millrace-large-"));
  server = await startNatsServer({ storeDir });
});
afterAll(async () => {
  await server?.kill();
  await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
});

const heavy = flow("heavy", async (ctx) =>
  ctx.step("make", () => randomFillSync(new Uint8Array(BYTES))),
);
const light = flow("light", async (ctx, input: number) => ctx.step("add", () => input + 1));

async function open(options: ConnectOptions): Promise<Millrace> {
  const millrace = await connect({ servers: server.url, ...options });
  onTestFinished(() => millrace.close());
  return millrace;
}

async function openServed(options: ConnectOptions): Promise<Millrace> {
  const millrace = await open(options);
  const log = pino({ level: "silent" });
  const worker = await serve([heavy, light], { connection: millrace, lease: "5s", log });
  onTestFinished(() => worker.drain());
  return millrace;
}

test("a result of many megabytes is stored and read while other runs go on, by the worker that has it", async () => {
  const millrace = await openServed({ namespace: "large" });
  const run = await millrace.submit(heavy);
  const ended = new AbortController();
  const result = run.result().finally(() => ended.abort());
  let others = 0;
  while (!ended.signal.aborted) {
    const other = await millrace.submit(light, others);
    expect(await other.result({ timeout: "60s" })).toBe(others + 1);
    others++;
  }
  expect((await result).length).toBe(BYTES);
  expect(others).toBeGreaterThan(5);
  const { takeOvers, output } = await run.details();
  expect(takeOvers).toBe(0);
  expect(output).toMatch(/^<blob of \d+ bytes in jetstream: /);
  const elsewhere = await open({ namespace: "large" });
  const again = await elsewhere.attach<Uint8Array>(run.id).result();
  expect(Buffer.from(again).equals(await result)).toBe(true);
});

test("a result outlives an S3 server that is killed before it could take it (I9)", async () => {
  const s3 = await startS3Server();
  onTestFinished(() => s3.stop());
  const blobs = new S3BlobStore(s3.options);
  const namespace = "large-s3";
  const millrace = await openServed({ namespace, blobs });
  await s3.kill();
  const run = await millrace.submit(heavy);
  await until("the step's result waits", async () => {
    const { steps } = await run.details();
    return steps[0]?.status === "running";
  });
  expect(await (await millrace.submit(light, 1)).result({ timeout: "60s" })).toBe(2);
  await s3.restart();
  const bytes = await run.result({ timeout: "90s" });
  expect(bytes.length).toBe(BYTES);
  const { steps, takeOvers } = await run.details();
  expect(steps[0]?.attempts).toHaveLength(1);
  expect(takeOvers).toBe(0);
});
