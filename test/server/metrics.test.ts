import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import { archivedFrame } from "../../src/archive/archived-frame.ts";
import { flow } from "../../src/definition/flow.ts";
import type { RecordedFrame } from "../../src/engine/frame.ts";
import type { RunId } from "../../src/engine/run-id.ts";
import { foldFrames } from "../../src/engine/run-state.ts";
import type { QueueBacklog } from "../../src/ports/work-queue.ts";
import { LogMetrics } from "../../src/server/metrics/log-metrics.ts";
import { QueueMetrics } from "../../src/server/metrics/queue-metrics.ts";
import { type Metrics, startMetrics } from "../../src/server/metrics.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";
import { Stage } from "../contract/support/stage.ts";
import { activated, PLAIN } from "../projections/support/fed.ts";
import { openApiBed } from "./support/api-bed.ts";
import { FoldedRuns } from "./support/folded-runs.ts";
import { type Replica, replicaOf } from "./support/replica.ts";

const IDLE = {
  projector: { status: [] },
  caretaker: {
    status: {
      isAtWork: false,
      stalled: [],
      repairs: { "wake-unfolded": 0, "wake-overdue": 0, "wake-abandoned": 0, "dead-letter": 0 },
    },
  },
};
const napping = flow("napping", async (ctx) => ctx.sleep("2s"));

/** The value of a metric, summed over the series that have these labels in their text. */
function valueIn(text: string, name: string, labels = ""): number | undefined {
  const lines = text.split("\n").filter((line) => {
    const [series = ""] = line.split(" ");
    return series.split("{", 1)[0] === name && series.includes(labels);
  });
  if (lines.length === 0) return undefined;
  return lines.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

function backlog(queue: string, waiting: number, oldestAt?: number): QueueBacklog {
  return { queue, waiting, oldestAt, inputs: 1, handedOut: 2, leaseMs: 5_000 };
}

async function scraped(): Promise<string> {
  const bed = await openApiBed({ flows: [napping] });
  await bed.get("/runs/nobody:knows-it");
  const answer = await bed.get("//metrics");
  expect(answer.status).toBe(200);
  expect(answer.type).toMatch(/^text\/plain; version=0\.0\.4/);
  return String(answer.body["text"]);
}

test("every metric is in the documentation, and every one that is documented is there", async () => {
  const text = await scraped();
  const shown = [...text.matchAll(/^# TYPE (millrace_\w+)/gm)].map(([, name = ""]) => name);
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "metrics.md"), "utf8");
  const documented = [...page.matchAll(/^\| `(millrace_\w+)` \|/gm)].map(([, name = ""]) => name);
  expect(new Set(shown)).toEqual(new Set(documented));
  const alerted = [...page.matchAll(/\b(millrace_\w+?)(?:_bucket)?(?=[{[)\s])/g)];
  for (const [, name] of alerted) expect(documented).toContain(name);
});

test("requests are counted by route: no run's id becomes a label", async () => {
  const text = await scraped();
  const route = 'method="GET",route="/api/v1/runs/:id",status="404"';
  expect(valueIn(text, "millrace_http_requests_total", route)).toBe(1);
  expect(text).not.toContain("knows-it");
});

test("metrics need a token where the API does", async () => {
  const bed = await openApiBed({ auth: "tokens" });
  expect(await bed.get("//metrics")).toMatchObject({ status: 401 });
  const authorization = `Bearer ${await bed.token("read")}`;
  expect(await bed.get("//metrics", { authorization })).toMatchObject({ status: 200 });
});

test("a run is counted in its queue and its status", async () => {
  const bed = await openApiBed();
  const worker = await bed.millrace.broker.queues.open({
    queues: ["napping"],
    room: () => 0,
    onDelivery: () => undefined,
    onForeign: () => undefined,
  });
  await bed.millrace.submit(napping);
  await vi.waitFor(
    async () => {
      const text = String((await bed.get("//metrics")).body["text"]);
      expect(valueIn(text, "millrace_queue_waiting", 'queue="napping"')).toBe(1);
      expect(valueIn(text, "millrace_runs", 'status="pending"')).toBe(1);
      expect(valueIn(text, "millrace_source_up")).toBe(2);
    },
    { timeout: 60_000, interval: 200 },
  );
  await worker.stop();
});

test("queues beyond the bound are summed, and a queue keeps its label", async () => {
  const registry = new Registry();
  const metrics = new QueueMetrics(registry, 2);
  metrics.set([backlog("a", 1, 9_000), backlog("b", 5, 8_000), backlog("c", 3, 7_000)], 10_000);
  let text = await registry.metrics();
  expect(valueIn(text, "millrace_queue_waiting", 'queue="b"')).toBe(5);
  expect(valueIn(text, "millrace_queue_waiting", 'queue="c"')).toBe(3);
  expect(valueIn(text, "millrace_queue_waiting", 'queue="_other"')).toBe(1);
  metrics.set([backlog("a", 100, 1_000), backlog("d", 7), backlog("c", 0)], 11_000);
  text = await registry.metrics();
  expect(valueIn(text, "millrace_queue_waiting", 'queue="_other"')).toBe(107);
  expect(valueIn(text, "millrace_queue_oldest_seconds", 'queue="_other"')).toBe(10);
  expect(valueIn(text, "millrace_queue_in_flight", 'queue="_other"')).toBe(4);
  expect(valueIn(text, "millrace_queue_oldest_seconds", 'queue="c"')).toBe(0);
  expect(valueIn(text, "millrace_queue_waiting", 'queue="b"')).toBeUndefined();
});

test("what the log tells is counted once, however many replicas there are, also when one dies", async () => {
  const stage = new Stage();
  const runs = new FoldedRuns(stage.broker);
  const start = (name: string): { metrics: Metrics; replica: Replica } => {
    const replica = replicaOf(stage.broker, name, runs);
    return { replica, metrics: startMetrics(replica, IDLE) };
  };
  const servers = [start("one"), start("two"), start("three")];
  const total = async (name: string, labels?: string): Promise<number> => {
    const texts = await Promise.all(
      servers.map(({ metrics }) => stage.clock.until(metrics.text())),
    );
    return texts.reduce((sum, text) => sum + (valueIn(text, name, labels) ?? 0), 0);
  };
  const takeOver = async (key: string): Promise<void> => {
    const worker = await stage.hire(() => [napping], { suspendAfter: "10m" });
    const id: RunId = await stage.submit("napping", key);
    await stage.until(id, "running");
    worker.connection.crash();
    stage.broker.lapseLeases();
    const heir = await stage.hire(() => [napping], { suspendAfter: "10m" });
    await stage.until(id, "completed");
    await stage.clock.until(heir.worker.drain());
    await stage.clock.advance(100);
  };
  await stage.clock.advance(5_000);
  await takeOver("a");
  expect(await total("millrace_takeovers_total")).toBe(1);
  expect(await total("millrace_timer_lateness_seconds_count")).toBe(1);
  expect(await total("millrace_runs_closed_total", 'status="completed"')).toBe(1);
  const holder = await Promise.all(
    servers.map(async ({ metrics }) => {
      const text = await stage.clock.until(metrics.text());
      return valueIn(text, "millrace_takeovers_total") === 1;
    }),
  );
  const [dead] = servers.splice(holder.indexOf(true), 1);
  dead?.replica.connection.crash();
  await stage.clock.advance(60_000);
  await takeOver("b");
  expect(await total("millrace_takeovers_total")).toBe(1);
  for (const { metrics } of servers) await stage.clock.until(metrics.stop());
});

test("a run that goes into the archive does not end once more", async () => {
  const registry = new Registry();
  const metrics = new LogMetrics(registry);
  const frame: RecordedFrame = {
    prev: 0,
    epoch: 1,
    writer: "w1",
    status: "crashed",
    inboxFolded: 0,
    token: 1,
    queue: "checkout",
    annotated: 0,
    events: [activated(1_100, "takeover"), { type: "Crashed", at: 1_200, crashes: 1 }],
    sequence: 2,
  };
  const state = foldFrames([frame]);
  if (state === undefined) throw new Error("A frame makes a state.");
  const leaving = { submission: PLAIN, frames: [frame], state, inboxUpTo: 0 };
  const file = { store: "s3", key: "archive/1", sha256: "", size: 9 };
  const archived = archivedFrame(leaving, file, 9_000, 1_000_000);
  for (const data of [encodeFrame(frame), archived ?? new Uint8Array()]) {
    metrics.see({ subject: "mr.test.0.h.checkout.order-42", data });
  }
  const text = await registry.metrics();
  expect(valueIn(text, "millrace_runs_closed_total", 'status="crashed"')).toBe(1);
  expect(valueIn(text, "millrace_takeovers_total")).toBe(1);
});

test("a scrape without a broker says so, and shows nothing old", async () => {
  const stage = new Stage();
  const runs = new FoldedRuns(stage.broker);
  const replica = replicaOf(stage.broker, "one", runs);
  const metrics = startMetrics(replica, IDLE);
  await stage.hire(() => [napping]);
  const before = await stage.clock.until(metrics.text());
  expect(valueIn(before, "millrace_source_up", 'source="broker"')).toBe(1);
  expect(valueIn(before, "millrace_queue_waiting", 'queue="napping"')).toBe(0);
  replica.millrace.broker.queues.report = () => new Promise(() => undefined);
  await stage.clock.advance(10_000);
  const after = await stage.clock.until(metrics.text());
  expect(valueIn(after, "millrace_source_up", 'source="broker"')).toBe(0);
  expect(valueIn(after, "millrace_source_up", 'source="projection"')).toBe(1);
  expect(valueIn(after, "millrace_queue_waiting")).toBeUndefined();
  expect(valueIn(after, "millrace_dead_letters")).toBeUndefined();
  await stage.clock.until(metrics.stop());
});
