import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { startServer } from "../../src/server/start-server.ts";
import { Receiver } from "../automation/webhooks/support/receiver.ts";
import { type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const LONG_MS = 60_000;

/** A worker process that may deliver to this machine. */
function worker(bed: TestBed): Promise<WorkerProcess> {
  return bed.worker("steps", { serve: { webhooks: { allow: ["127.0.0.1"] } } });
}

test("a worker that is killed in the middle of a delivery has it made again by another, with the same webhook-id", async () => {
  const bed = await beds.open();
  const receiver = await Receiver.start();
  const { webhooks } = bed.millrace;
  await webhooks.put("shop", { url: receiver.url, timeout: "30s" });
  receiver.answer = () => undefined; // It has the request, and says nothing.
  const first = await worker(bed);
  const run = await webhooks.send("shop", { order: 42 });
  await until("the request has come", () => receiver.requests.length === 1, LONG_MS);
  await first.kill();
  receiver.answerWith(200);
  await worker(bed);
  const receipt = await run.result({ timeout: LONG_MS });
  expect(receipt).toMatchObject({ attempts: 1, status: 200 });
  expect(receiver.ids).toEqual([receipt.id, receipt.id]);
  const { attempts } = await webhooks.delivery(run.id);
  expect(attempts).toMatchObject([{ outcome: "delivered", id: receipt.id }]);
});

test("deliveries to a receiver that fails now and then all arrive, each under its own id, while workers die", async () => {
  const bed = await beds.open();
  const receiver = await Receiver.start();
  const { webhooks } = bed.millrace;
  await webhooks.put("shop", {
    url: receiver.url,
    timeout: "10s",
    retryDelays: Array.from({ length: 20 }, () => "200ms" as const),
    disableAfter: "never",
  });
  const taken = new Set<string>();
  let asked = 0;
  receiver.answer = ({ headers }, response) => {
    asked++;
    if (asked % 3 === 0) return void response.writeHead(503).end();
    if (asked % 7 === 0) return void response.destroy();
    taken.add(String(headers["webhook-id"]));
    response.writeHead(204).end();
  };
  const workers = await Promise.all([worker(bed), worker(bed)]);
  const keys = Array.from({ length: 30 }, (_, at) => `order-${at}`);
  const runs = await Promise.all(keys.map((key) => webhooks.send("shop", { key }, { key })));
  for (const one of workers) {
    const seen = receiver.requests.length;
    await until(
      "more has come",
      () => receiver.requests.length > seen || taken.size === 30,
      LONG_MS,
    );
    await one.kill();
    await worker(bed);
  }
  const receipts = await Promise.all(runs.map((run) => run.result({ timeout: 2 * LONG_MS })));
  expect(receipts.map(({ id }) => id)).toEqual(keys);
  expect([...taken].toSorted()).toEqual(keys.toSorted());
});

test("an endpoint that always fails is disabled by one of several processes; its delivery log is found through a server", async () => {
  const bed = await beds.open();
  const receiver = await Receiver.start();
  receiver.answerWith(500);
  const { webhooks } = bed.millrace;
  await webhooks.put("shop", {
    url: receiver.url,
    retryDelays: ["50ms"],
    disableAfter: { after: 0, attempts: 4 },
  });
  await Promise.all([worker(bed), worker(bed)]);
  await server(bed);
  await Promise.all([1, 2, 3, 4].map((order) => webhooks.send("shop", { order })));
  const disabled = await until(
    "it is disabled",
    async () => (await webhooks.get("shop")).disabled,
    LONG_MS,
  );
  expect(disabled.by).toBe("failures");
  const told = await until("it is told", () => disabledEvents(bed), LONG_MS);
  expect(told).toHaveLength(1);
  const late = await webhooks.send("shop", { order: 5 });
  await expect(late.result({ timeout: LONG_MS })).rejects.toThrow(/shop is disabled/);
  const log = await until(
    "all five deliveries are found, and over",
    async () => {
      const found = await webhooks.deliveries("shop");
      return found.length === 5 && found.every(({ closedAt }) => closedAt !== undefined) && found;
    },
    LONG_MS,
  );
  const outcomes = log.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome));
  expect(outcomes.filter((one) => one === "failed").length).toBeGreaterThanOrEqual(4);
  expect(log[0]?.attempts).toMatchObject([{ outcome: "disabled" }]);
});

test("a worker process without leave refuses to deliver to its own machine", async () => {
  const bed = await beds.open();
  const receiver = await Receiver.start();
  const { webhooks } = bed.millrace;
  await bed.worker("steps");
  await webhooks.put("inside", { url: `http://localhost:${receiver.port}/` });
  const run = await webhooks.send("inside", 1);
  await expect(run.result({ timeout: LONG_MS })).rejects.toThrow(/no address that everybody/);
  expect(receiver.requests).toEqual([]);
});

async function server(bed: TestBed): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-webhooks-"));
  const connection = await connect({ servers: bed.servers, namespace: bed.namespace });
  const log = pino({ level: "silent" });
  const database = join(folder, "view.db");
  const running = await startServer({ connection, port: 0, database, log, grace: "1s" });
  onTestFinished(async () => {
    await running.stop();
    await connection.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
}

async function disabledEvents(bed: TestBed): Promise<readonly unknown[] | undefined> {
  const found: unknown[] = [];
  for await (const { event } of bed.millrace.events.tail({})) {
    if (event.type === "millrace.webhook.disabled") found.push(event);
  }
  return found.length === 0 ? undefined : found;
}
