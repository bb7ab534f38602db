/** Workers watch each other: what one of them held that was killed goes on without waiting for its leases. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RunHandle } from "../../src/client/run-handle.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { decodeQuestion } from "../../src/wire/watch-codec.ts";
import { startNatsCluster } from "./support/nats-cluster.ts";
import { soundHistory } from "./support/sound-history.ts";
import { openTestBed, type TestBed, testBeds, type WorkerProcess } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
/** So long that no test waits for it: what goes on before was woken by a peer. */
const LONG = { serve: { lease: "10m" } };
const FINISHED = ["left", "right"];

test("runs of a worker that was killed go on elsewhere long before its lease is over, each woken once and by one of two", async () => {
  const bed = await beds.open();
  const { holder, runs } = await holding(bed, 20);
  await bed.worker("gated", LONG);
  await bed.worker("gated", LONG);
  await isWatched(bed, holder, runs.length);
  await holder.kill();
  await takenOver(runs);
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
  for (const { id } of runs) {
    expect((await soundHistory(bed.millrace, id)).state).toMatchObject({ epoch: 2, takeOvers: 1 });
    expect(bed.ledger.counts(id)).toEqual({ "first#1": 1, "left#1": 2, "right#1": 2, "last#1": 1 });
    expect(await bed.millrace.broker.log.inbox(parseRunId(id), "gated", 0)).toHaveLength(1);
  }
});

test("with takeOver: lease nobody watches anybody, and the lease brings the runs elsewhere", async () => {
  const bed = await beds.open();
  const watched: string[] = [];
  const raw = await bed.raw();
  for (const subject of [`mrwatch.${bed.namespace}`, `mrwatch.${bed.namespace}.>`]) {
    raw.subscribe(subject, { callback: (_, message) => void watched.push(message.subject) });
  }
  const options = { serve: { takeOver: "lease" } } as const;
  const { holder, runs } = await holding(bed, 3, options);
  await bed.worker("gated", options);
  await holder.kill();
  await takenOver(runs);
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
  expect(watched).toEqual([]);
});

test("a worker that is stopped is left to its lease, and one that was stopped while it watched suspects nobody", async () => {
  const bed = await beds.open();
  const { holder, runs } = await holding(bed, 3);
  const watcher = await bed.worker("gated", LONG);
  await isWatched(bed, holder, runs.length);
  for (const sleeper of [watcher, holder]) {
    sleeper.signal("SIGSTOP");
    const end = Date.now() + 1_500;
    await until("it was stopped for longer than any question is open", () => Date.now() > end);
    sleeper.signal("SIGCONT");
    await isWatched(bed, holder, runs.length);
  }
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
  expect(await epochs(runs)).toEqual(runs.map(() => 1));
});

test("a broker that is killed and started again makes nobody suspect anybody", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const bed = await openTestBed(server.url);
  const { holder, runs } = await holding(bed, 10);
  const other = await bed.worker("gated", LONG);
  for (let round = 0; round < 2; round++) {
    await isWatched(bed, holder, runs.length);
    await server.kill();
    server = await startNatsServer({ storeDir, port: server.port });
  }
  await isWatched(bed, holder, runs.length);
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
  expect(await epochs(runs)).toEqual(runs.map(() => 1));
  expect([holder, other].map(({ log }) => log.includes("A worker is gone"))).toEqual([
    false,
    false,
  ]);
});

test("in a cluster a worker that is killed is missed by one that is connected to another server", async () => {
  const { urls } = await startNatsCluster(3);
  const [first = "", second = "", third = ""] = urls;
  const bed = await until("the cluster takes a namespace", () =>
    openTestBed(first, 3).catch(() => undefined),
  );
  const { holder, runs } = await holding(bed, 5, { ...LONG, servers: second });
  await bed.worker("gated", { ...LONG, servers: third });
  await isWatched(bed, holder, runs.length);
  await holder.kill();
  await takenOver(runs);
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
});

test("a worker that leaves in good order is woken after by nobody", async () => {
  const bed = await beds.open();
  const { holder, runs } = await holding(bed, 3);
  const other = await bed.worker("gated", LONG);
  await isWatched(bed, holder, runs.length);
  holder.signal("SIGTERM");
  finish(bed);
  expect(await results(runs)).toEqual(runs.map(() => FINISHED));
  await holder.reported("it has drained", (report) => "drained" in report);
  for (const run of runs) expect((await run.details()).takeOvers).toBe(0);
  expect(other.log).not.toContain("A worker is gone");
});

/** A worker that holds so many runs, each with two steps that wait at their gates. */
async function holding(
  bed: TestBed,
  count: number,
  options: Parameters<TestBed["worker"]>[1] = LONG,
): Promise<{ readonly holder: WorkerProcess; readonly runs: readonly RunHandle[] }> {
  const holder = await bed.worker("gated", options);
  const submitted = Array.from({ length: count }, () => bed.millrace.submit("gated"));
  const runs = (await Promise.all(submitted)).map(({ id }) => bed.millrace.attach(id));
  await until("all their steps wait", () => {
    const { length } = bed.ledger.entries.filter(({ step }) => step === "right#1");
    return length === count;
  });
  return { holder, runs };
}

/** Resolves when somebody who watches the worker asks, and knows of so many runs already. */
async function isWatched(bed: TestBed, { id }: WorkerProcess, count: number): Promise<void> {
  let knows = 0;
  const raw = await bed.raw();
  const subscription = raw.subscribe(`mrwatch.${bed.namespace}.${id}`, {
    callback: (_, message) => {
      const question = decodeQuestion(message.string());
      if (question?.ask === "held") knows = Math.max(knows, question.knows);
    },
  });
  await until("somebody watches it, and knows what it holds", () => knows >= count);
  // Whoever listens there is somebody: the worker would never be missed.
  subscription.unsubscribe();
  await raw.flush();
}

async function takenOver(runs: readonly RunHandle[]): Promise<void> {
  await until("all are taken over once", async () => {
    const found = await epochs(runs).catch(() => []);
    return found.length > 0 && found.every((epoch) => epoch === 2);
  });
}

async function epochs(runs: readonly RunHandle[]): Promise<readonly number[]> {
  return Promise.all(
    runs.map(async (run) => {
      const { frames } = await run.details();
      return frames.at(-1)?.epoch ?? 0;
    }),
  );
}

function finish(bed: TestBed): void {
  bed.openGate("left");
  bed.openGate("right");
}

function results(runs: readonly RunHandle[]): Promise<readonly unknown[]> {
  return Promise.all(runs.map((run) => run.result({ timeout: "60s" })));
}
