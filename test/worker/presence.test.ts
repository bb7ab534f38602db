import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace as Client } from "../../src/client/millrace.ts";
import {
  flow,
  type Millrace,
  type ServeOptions,
  type ServingWorker,
  serve,
  type WorkerView,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import type { MemoryConnection } from "../../src/testing/memory-connection.ts";
import { presenceKey } from "../../src/wire/presence-codec.ts";

const wait = flow("wait", (ctx) => ctx.sleep("1h"));
const idle = flow("idle", { queue: "slow" }, () => undefined);

interface World {
  readonly clock: ManualClock;
  readonly broker: MemoryBroker;
  readonly millrace: Millrace;
  readonly workers: () => Promise<readonly WorkerView[]>;
  readonly statuses: () => Promise<Readonly<Record<string, string>>>;
  readonly start: (options?: Partial<ServeOptions>) => Promise<Started>;
}

interface Started {
  readonly worker: ServingWorker;
  readonly process: MemoryConnection;
}

function world(): World {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock });
  const client = broker.connect();
  const millrace = new Client(client, clock);
  const start = async (options: Partial<ServeOptions> = {}): Promise<Started> => {
    const process = broker.connect();
    const connection = new Client(process, process.clock);
    const log = pino({ level: "silent" });
    const settings = { connection, clock: process.clock, log, ...options };
    const worker = await clock.until(serve([wait, idle], settings));
    onTestFinished(() => process.crash());
    await clock.settle();
    return { worker, process };
  };
  onTestFinished(() => client.crash());
  const workers = (): Promise<readonly WorkerView[]> => clock.until(millrace.workers());
  const statuses = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries((await workers()).map(({ id, status }) => [id, status]));
  return { clock, broker, millrace, workers, statuses, start };
}

test("a worker tells who it is and what it serves as soon as it serves", async () => {
  const { clock, start, workers } = world();
  const { worker } = await start({ concurrency: 7 });
  const [seen, ...others] = await workers();
  expect(others).toEqual([]);
  expect(seen).toMatchObject({
    id: worker.id,
    status: "serving",
    pid: process.pid,
    node: process.versions.node,
    queues: expect.arrayContaining(["wait", "slow", "idle"]),
    flows: expect.arrayContaining(["wait", "idle"]),
    concurrency: 7,
    running: 0,
    held: 0,
    startedAt: new Date(clock.now()),
    seenAt: new Date(clock.now()),
  });
  expect(seen?.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(seen?.lagMs).toBeGreaterThanOrEqual(0);
});

test("what it does is told anew every ten seconds", async () => {
  const { clock, millrace, start, workers } = world();
  await start();
  await clock.until(millrace.submit(wait, undefined));
  const at = clock.now();
  await clock.advance(10_000);
  const [seen] = await workers();
  expect(seen).toMatchObject({ held: 1, running: 0, status: "serving" });
  expect(seen?.seenAt.getTime()).toBeGreaterThan(at);
});

test("one that drains says so, and one that has stopped is known for a day", async () => {
  const { clock, start, workers } = world();
  const { worker } = await start();
  const drained = worker.drain();
  await clock.settle();
  await clock.until(drained);
  expect((await workers()).map(({ status }) => status)).toEqual(["stopped"]);
  await clock.advance(23 * 3_600_000);
  expect(await workers()).toHaveLength(1);
  await clock.advance(2 * 3_600_000);
  expect(await workers()).toEqual([]);
});

test("one that crashed is gone after half a minute, and its last words stay known", async () => {
  const { clock, start, statuses } = world();
  const { worker, process: crashed } = await start();
  const { worker: other } = await start();
  crashed.crash();
  await clock.advance(29_000);
  expect(await statuses()).toEqual({ [worker.id]: "serving", [other.id]: "serving" });
  await clock.advance(3_000);
  expect(await statuses()).toEqual({ [worker.id]: "gone", [other.id]: "serving" });
});

test("a broker that stores none of it disturbs no run and no drain", async () => {
  const { clock, broker, millrace, start, workers } = world();
  broker.inject({
    beforeWrite: ({ kind }) => (kind === "control" ? "not stored" : "stored"),
  });
  const { worker } = await start();
  const run = await clock.until(millrace.submit(idle, undefined));
  await clock.until(run.result());
  await clock.until(worker.drain());
  expect(await workers()).toEqual([]);
});

test("an ack that was lost does not keep it from telling the next time", async () => {
  const { clock, broker, start, workers } = world();
  broker.inject({ beforeWrite: ({ kind }) => (kind === "control" ? "ack lost" : "stored") });
  await start();
  broker.inject({});
  const [first] = await workers();
  await clock.advance(20_000);
  const [second] = await workers();
  expect(second?.seenAt.getTime()).toBeGreaterThan(first?.seenAt.getTime() ?? 0);
});

test("a record that makes no sense is passed over", async () => {
  const { clock, broker, start, workers } = world();
  const { worker } = await start();
  const foreign = ["", "{}", '{"format":1,"worker":"x"}', '{"format":99}'];
  const { control } = broker.connect();
  for (const [at, text] of foreign.entries()) {
    await clock.until(control.write(presenceKey(`x${at}`), new TextEncoder().encode(text), 0));
  }
  expect((await workers()).map(({ id }) => id)).toEqual([worker.id]);
});
