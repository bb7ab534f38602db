/** What is shown of a run: to whoever watches it, before it has begun, and of its code. On the in-memory broker. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import {
  type AnyDefinition,
  flow,
  Millrace,
  type RunView,
  serve,
  signal,
} from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { until } from "../e2e/support/until.ts";

const go = signal("go");
const STEPS = 20;

const telling = flow("telling", async (ctx) => {
  ctx.progress(1, 2, "half");
  ctx.expose("stage", { name: "warm-up" });
  ctx.tag("job:7");
  await ctx.receive(go);
  for (let n = 0; n < STEPS; n++) await ctx.step("one", () => n);
  ctx.progress(2, 2);
  await ctx.step("last", () => 1);
});

function client(broker: MemoryBroker): Millrace {
  const millrace = new Millrace(broker.connect());
  onTestFinished(() => millrace.close());
  return millrace;
}

async function hire(broker: MemoryBroker, definitions: readonly AnyDefinition[]): Promise<void> {
  const connection = client(broker);
  const worker = await serve(definitions, { connection, log: pino({ level: "silent" }) });
  onTestFinished(() => worker.drain());
}

test("who watches a run sees what its flow tells of itself, and what is told before is looked up once", async () => {
  const broker = new MemoryBroker();
  await hire(broker, [telling]);
  const millrace = client(broker);
  const run = await millrace.submit(telling);
  await until("it tells of itself", async () => (await run.state()).progress !== undefined);

  let looks = 0;
  const { log } = millrace.broker;
  const history = log.history.bind(log);
  log.history = (...args) => {
    looks++;
    return history(...args);
  };
  const views: RunView[] = [];
  for await (const view of run.watch()) {
    if (views.length === 0) await client(broker).attach(run.id).signal(go);
    views.push(view);
  }
  expect(views[0]).toMatchObject({
    progress: { done: 1, total: 2, message: "half" },
    addedTags: ["job:7"],
    exposed: { stage: { name: "warm-up" } },
  });
  expect(views.every(({ exposed }) => "stage" in exposed)).toBe(true);
  expect(views.at(-1)).toMatchObject({ status: "completed", progress: { done: 2, total: 2 } });
  expect(views.length).toBeGreaterThan(3);
  expect(looks).toBeLessThanOrEqual(2);
});

test("a run whose start is in the future is scheduled, and pending when the time has come", async () => {
  const millrace = client(new MemoryBroker());
  const at = new Date(Date.now() + 3_600_000);
  const later = await millrace.submit("telling", undefined, { at, deadline: new Date(8e12) });
  expect(await later.state()).toMatchObject({ status: "scheduled", closed: false });
  expect(await later.details()).toMatchObject({
    status: "scheduled",
    startAt: at,
    deadlineAt: new Date(8e12),
    startedAt: undefined,
  });
  const past = await millrace.submit("telling", undefined, { at: 1 });
  expect((await past.state()).status).toBe("pending");
  expect(await past.details()).toMatchObject({ status: "pending", deadlineAt: undefined });
});

test("a scheduled run that a worker has taken up stays scheduled", async () => {
  const broker = new MemoryBroker();
  const connection = client(broker);
  const log = pino({ level: "silent" });
  const worker = await serve([telling], { connection, log, suspendAfter: 0 });
  onTestFinished(() => worker.drain());
  const run = await client(broker).submit(telling, undefined, { delay: "1h" });
  await until("it was taken up", async () => (await run.state()).epoch === 1);
  await until("it is suspended", async () => (await run.state()).status === "scheduled");
  expect((await run.details()).status).toBe("scheduled");
});

test("a run shows the version of the flow that last took it up, and the patches it went by", async () => {
  const broker = new MemoryBroker();
  const versioned = flow("versioned", { version: "2026-03-01" }, (ctx) => {
    ctx.patch("fraud-check");
    return ctx.patch("receipt");
  });
  await hire(broker, [versioned]);
  const run = await client(broker).submit(versioned);
  expect(await run.result()).toBe(true);
  expect(await run.details()).toMatchObject({
    version: "2026-03-01",
    patches: ["fraud-check", "receipt"],
  });
});
