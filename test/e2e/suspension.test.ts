/** Runs that only wait leave their worker's memory, and nothing that comes for them is lost (I1, I6). */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, flow, type Millrace, serve, signal } from "../../src/index.ts";
import { decodeFrame } from "../../src/wire/frame-codec.ts";
import { startNatsCluster } from "./support/nats-cluster.ts";
import { soundHistory } from "./support/sound-history.ts";
import { openTestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const log = pino({ level: "silent" });
const go = signal<number>("go");

test("a run that sleeps outlives its worker and the broker, and wakes on another worker, not early (I1)", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir, syncInterval: "always" });
  onTestFinished(async () => {
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const bed = await openTestBed(server.url);
  const first = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  const run = await bed.millrace.submit("sleeper", 5_000);
  await until("it is suspended", async () => (await run.state()).status === "suspended");
  const [wait = ""] = (await run.state()).waitingFor;
  expect(wait).toMatch(/^sleep#1 until /);
  await first.kill();
  await server.kill();
  server = await startNatsServer({ storeDir, port: server.port, syncInterval: "always" });
  const second = await bed.worker("waiting", { serve: { suspendAfter: "10ms" } });
  await run.result({ timeout: "60s" });
  const { events, state } = await soundHistory(bed.millrace, run.id);
  const set = events.find((event) => event.type === "TimerSet");
  const [after] = bed.ledger.of(run.id, "after#1");
  expect(after?.pid).toBe(second.pid);
  expect(after?.at).toBeGreaterThanOrEqual(set?.fireAt ?? Number.POSITIVE_INFINITY);
  expect(bed.ledger.counts(run.id)).toEqual({ "before#1": 1, "after#1": 1 });
  expect(state.takeOvers).toBe(0);
});

test("runs that wait leave the worker's memory, and come back for what they wait for", async () => {
  const bed = await beds.open();
  const waits = flow("waits", (ctx) => ctx.receive(go));
  const worker = await serve([waits], { connection: bed.millrace, log, suspendAfter: "10ms" });
  const runs = await Promise.all(Array.from({ length: 50 }, () => bed.millrace.submit(waits)));
  await until("all are suspended", async () => {
    const views = await Promise.all(runs.map((run) => run.state()));
    return views.every(({ status }) => status === "suspended");
  });
  await until("none is in memory", () => worker.stats.held === 0);
  await Promise.all(runs.map((run, at) => run.signal(go, at)));
  const heard = await Promise.all(runs.map((run) => run.result({ timeout: "60s" })));
  expect(heard).toEqual(runs.map((_, at) => at));
  await worker.drain();
});

test("nothing is lost, repeated or out of order that comes around the moment of a suspension, a thousand times", async () => {
  const bed = await beds.open();
  const { heard, sent } = await meetsSuspensions(bed.millrace, { runs: 30, signals: 35 });
  expect(heard).toEqual(sent);
});

test("nor on three replicas", async () => {
  const { urls } = await startNatsCluster(3);
  const millrace = await until("the cluster takes a namespace", async () => {
    try {
      return await connect({ servers: [...urls], namespace: "cluster", replicas: 3 });
    } catch {
      return undefined; // It has no leader yet.
    }
  });
  onTestFinished(() => millrace.close());
  const { heard, sent } = await meetsSuspensions(millrace, { runs: 15, signals: 10 });
  expect(heard).toEqual(sent);
});

/** Sends each of many runs its next signal at some moment around the one at which it is suspended, each time. */
async function meetsSuspensions(
  millrace: Millrace,
  { runs: count, signals }: { readonly runs: number; readonly signals: number },
): Promise<{ readonly heard: unknown; readonly sent: unknown }> {
  const hears = flow("hears", async (ctx) => {
    const heard: number[] = [];
    while (heard.length < signals) heard.push(await ctx.receive(go));
    return heard;
  });
  const sent = new Map<string, Promise<void>[]>();
  const sendNext = async (id: string): Promise<void> => {
    const sends = sent.get(id) ?? [];
    sent.set(id, sends);
    if (sends.length === signals) return;
    const former = sends.at(-1);
    const number = sends.length;
    sends.push(Promise.resolve(former).then(() => millrace.attach(id).signal(go, number)));
    await sends.at(-1);
  };
  let suspensions = 0;
  const { log: runLog } = millrace.broker;
  const append = runLog.append.bind(runLog);
  runLog.append = async (run, expected, frame) => {
    const decoded = decodeFrame(frame);
    const events = decoded.kind === "ok" ? decoded.value.events : [];
    if (!events.some(({ type }) => type === "Suspended")) return append(run, expected, frame);
    // Stored before the frame, on its way with it, just after it is stored, or when its holder has heard of that.
    const moment = suspensions++ % 4;
    const before = moment === 0 ? sendNext(run.id) : undefined;
    await before;
    const appended = append(run, expected, frame);
    if (moment === 1) void sendNext(run.id);
    const outcome = await appended;
    if (moment === 2) void sendNext(run.id);
    if (moment === 3) setTimeout(() => void sendNext(run.id), Math.random() * 5);
    return outcome;
  };
  const options = { connection: millrace, log, suspendAfter: 1, lease: "10s" } as const;
  const workers = [await serve([hears], options), await serve([hears], options)];
  const runs = await Promise.all(Array.from({ length: count }, () => millrace.submit(hears)));
  const results = await Promise.all(runs.map((run) => run.result({ timeout: "150s" })));
  const numbers = Array.from({ length: signals }, (_, at) => at);
  for (const run of runs) {
    const { state } = await soundHistory(millrace, run.id);
    expect(state.takeOvers, `nobody lost ${run.id}`).toBe(0);
  }
  expect(suspensions).toBeGreaterThanOrEqual(count * signals);
  await Promise.all(workers.map((worker) => worker.drain()));
  return { heard: results, sent: runs.map(() => numbers) };
}
