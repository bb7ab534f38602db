/** Partitions are added to a namespace whose runs are closed, wait, sleep, or were never taken up. */
import type { NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { partitionOf } from "../../src/engine/partition.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { addPartitions } from "../../src/jetstream/add-partitions.ts";
import { readFact } from "../../src/projections/run-fact.ts";
import { serve } from "../../src/serve.ts";
import { startNatsCluster } from "./support/nats-cluster.ts";
import { soundHistory } from "./support/sound-history.ts";
import { testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const go = signal("go");

const quick = flow("quick", async (ctx, input: number) => ctx.step("add", () => input + 1));
const waits = flow("waits", async (ctx) => {
  await ctx.receive(go);
  return ctx.step("went on", () => "went on");
});
const sleeps = flow("sleeps", async (ctx, duration: string) => {
  await ctx.sleep(duration as "5s");
  return "slept";
});
const FLOWS = [quick, waits, sleeps];
/** A lease for which no machine stands still. */
const LONG = "10s";

const WAIT = { timeout: 30_000 } as const;

interface Place {
  readonly servers: string;
  readonly namespace: string;
}

/** A namespace of one partition, and what a test needs to look behind it. */
async function open(): Promise<Place & { readonly raw: NatsConnection }> {
  const { servers, namespace, raw } = await beds.open().then(async (bed) => ({
    servers: bed.servers,
    namespace: bed.namespace,
    raw: await bed.raw(),
  }));
  return { servers, namespace, raw };
}

async function reach({ servers, namespace }: Place): Promise<Millrace> {
  const millrace = await connect({ servers, namespace });
  onTestFinished(() => millrace.close());
  return millrace;
}

async function work(connection: Millrace, lease: "1s" | "10s" = "1s"): ReturnType<typeof serve> {
  const log = pino({ level: "silent" });
  const worker = await serve(FLOWS, { connection, lease, suspendAfter: 20, log });
  onTestFinished(() => worker.drain());
  return worker;
}

/** How many messages there are on subjects of the log below a kind, such as `new` or `h`, by the tokens of their run. */
async function stored(raw: NatsConnection, namespace: string, partitions: number, kind: string) {
  const found = new Map<string, number>();
  for (let partition = 0; partition < partitions; partition++) {
    const filter = `mr.${namespace}.${partition}.${kind}.>`;
    const answer = await raw.request(
      `$JS.API.STREAM.INFO.MR_${namespace}_${partition}`,
      JSON.stringify({ subjects_filter: filter }),
      { timeout: 30_000 },
    );
    const { state } = answer.json<{ state: { subjects?: Record<string, number> } }>();
    for (const subject of Object.keys(state.subjects ?? {})) {
      const run = subject.split(".").slice(-2).join(":");
      found.set(run, (found.get(run) ?? 0) + 1);
    }
  }
  return found;
}

test("a key that was used before partitions were added stays used, whatever became of its run (I1)", async () => {
  const place = await open();
  const before = await reach(place);
  const worker = await work(before);
  const closed = await before.submit(quick, 1, { key: "closed" });
  expect(await closed.result({ timeout: "60s" })).toBe(2);
  const archived = await before.submit(quick, 2, { key: "archived" });
  await archived.result({ timeout: "60s" });
  await until("the run is archived", async () => {
    const { status } = await before.archive.add(archived.id, { olderThan: "1ms" });
    return status !== "skipped";
  });
  await worker.drain();
  await before.submit(quick, 3, { key: "pending" });
  await before.submit(quick, 4, { key: "elsewhere", queue: "elsewhere" });
  await before.submit(quick, 5, { key: "urgent", priority: "high" });
  await before.close();

  expect(await addPartitions({ ...place, partitions: 3 })).toEqual({ layers: [1, 3], pointers: 2 });

  const after = await reach(place);
  const keys = ["closed", "archived", "pending", "elsewhere", "urgent"];
  const home = { queue: "elsewhere" };
  for (const key of keys) {
    const options = { key, ...(key === "elsewhere" ? home : {}) };
    await after.submit(quick, 100, options);
    const again = after.submit(quick, 100, { ...options, ifExists: "reject" });
    await expect(again).rejects.toMatchObject({ code: "RUN_EXISTS" });
  }
  const submissions = await stored(place.raw, place.namespace, 4, "new");
  expect(Object.fromEntries(submissions)).toEqual(
    Object.fromEntries(keys.map((key) => [`quick:${key}`, 1])),
  );
  await work(after);
  await serveQueue(after, "elsewhere");
  const results = keys.map((key) => after.attach(`quick:${key}`).result({ timeout: "60s" }));
  expect(await Promise.all(results)).toEqual([2, 3, 4, 5, 6]);
  await after.archive.restore("quick:archived");
  expect(await after.attach("quick:archived").result({ timeout: "60s" })).toBe(3);
});

async function serveQueue(connection: Millrace, queue: string): Promise<void> {
  const log = pino({ level: "silent" });
  const worker = await serve([quick], { connection, lease: "1s", queues: [queue], log });
  onTestFinished(() => worker.drain());
}

test("runs in progress go on where they are, and new ones go to the new partitions, through two additions", async () => {
  const place = await open();
  const layers = [1, 2, 3];
  const started: string[] = [];
  for (const [at, partitions] of layers.entries()) {
    if (at > 0) await addPartitions({ ...place, partitions });
    started.push(...(await startThree(place, at)));
  }
  const after = await reach(place);
  await work(after, LONG);
  for (const at of layers.keys()) {
    expect(await after.attach(`quick:q${at}`).result({ timeout: "60s" })).toBe(at + 1);
    expect(await after.attach(`sleeps:s${at}`).result({ timeout: "60s" })).toBe("slept");
    const run = after.attach(`waits:w${at}`);
    await run.signal(go, undefined);
    expect(await run.result({ timeout: "60s" })).toBe("went on");
  }
  for (const id of started) expect((await soundHistory(after, id)).state.takeOvers).toBe(0);

  // Each stands in the layer in which it was submitted, and in no other.
  const firsts = [0, 1, 3];
  for (const id of started) {
    const at = Number(id.at(-1));
    const partition = (firsts[at] ?? 0) + partitionOf(parseRunId(id), layers[at] ?? 1);
    expect((await after.broker.log.head(parseRunId(id)))?.partition).toBe(partition);
  }
  const histories = await stored(place.raw, place.namespace, 6, "h");
  expect(new Set(histories.values())).toEqual(new Set([1]));

  // What reads everything finds them all: listings, and the feed that views are made of.
  expect((await listed(after)).toSorted()).toEqual(started.toSorted());
  expect([...(await fed(after))].toSorted()).toEqual(started.toSorted());
});

/** One that ends, one that waits and one that sleeps: both are given up, if the second does not wake before that. */
async function startThree(place: Place, at: number): Promise<readonly string[]> {
  const millrace = await reach(place);
  const worker = await work(millrace, LONG);
  const ends = await millrace.submit(quick, at, { key: `q${at}` });
  const waiting = [
    await millrace.submit(waits, undefined, { key: `w${at}` }),
    await millrace.submit(sleeps, "5s", { key: `s${at}` }),
  ];
  await ends.result({ timeout: "60s" });
  for (const run of waiting) await givenUp(run);
  await worker.drain();
  await millrace.close();
  return [ends, ...waiting].map(({ id }) => id);
}

/** What is slow may wake before it is given up: that is no less right. */
async function givenUp(run: { state(): Promise<{ status: string }> }): Promise<void> {
  await until("it is suspended, or woke meanwhile", async () =>
    ["suspended", "completed"].includes((await run.state()).status),
  );
}

async function listed(millrace: Millrace): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name } of FLOWS) {
    for await (const { id } of millrace.list({ flow: name })) found.push(id);
  }
  return found;
}

async function fed({ broker: { feed } }: Millrace): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const never = new AbortController().signal;
  for (let partition = 0; partition < feed.partitions; partition++) {
    const { last } = await feed.extent(partition);
    for await (const batch of feed.read(partition, 0, { signal: never, upTo: last })) {
      for (const message of batch) told.add(readFact(message, feed.layers)?.run.id ?? "nobody's");
    }
  }
  return told;
}

test("whoever was connected before stores nothing any more, is disconnected, and its worker stops", async () => {
  const place = await open();
  const before = await reach(place);
  const worker = await work(before);
  const held = await before.submit(waits, undefined, { key: "held" });
  await until("it is taken up", async () => (await held.state()).status !== "pending");

  await addPartitions({ ...place, partitions: 2 });

  await worker.stopped;
  await until("it is disconnected", () => before.broker.closed.aborted);
  expect(before.broker.closed.reason).toMatchObject({ code: "NAMESPACE_CHANGED" });
  await expect(before.submit(quick, 1, { key: "late" })).rejects.toMatchObject({
    code: "CONNECTION_CLOSED",
  });
  // Nor does anybody who would not notice.
  const subject = `mr.${place.namespace}.0.new.quick.quick.late`;
  await expect(place.raw.request(subject, new Uint8Array([1]), WAIT)).rejects.toThrow(
    "no responders",
  );
  const after = await reach(place);
  expect((await stored(place.raw, place.namespace, 3, "new")).has("quick:late")).toBe(false);
  await work(after);
  const run = after.attach(held.id);
  await run.signal(go, undefined);
  expect(await run.result({ timeout: "60s" })).toBe("went on");
});

test("nobody connects while partitions are being added, and what broke off is finished by the same call", async () => {
  const place = await open();
  const before = await reach(place);
  await before.submit(quick, 1, { key: "pending" });
  const stream = `$JS.API.STREAM.INFO.MR_${place.namespace}_0`;
  const { config } = (await place.raw.request(stream, "", WAIT)).json<{ config: object }>();
  // As it is left by somebody who died after the first write that changes anything.
  const begun = {
    ...config,
    subjects: [`mr.${place.namespace}.gate1.0.>`],
    subject_transform: { src: `mr.${place.namespace}.*.0.>`, dest: `mr.${place.namespace}.0.>` },
    metadata: {
      "millrace.partitions": "1+2",
      "millrace.format": "1",
      "millrace.adding": "yes",
      team: "orders",
    },
  };
  await place.raw.request(
    `$JS.API.STREAM.UPDATE.MR_${place.namespace}_0`,
    JSON.stringify(begun),
    WAIT,
  );

  await expect(connect(place)).rejects.toMatchObject({ code: "NAMESPACE_CHANGED" });
  await expect(addPartitions({ ...place, partitions: 3 })).rejects.toMatchObject({
    code: "SETTINGS_MISMATCH",
  });
  await addPartitions({ ...place, partitions: 2 });
  const set = (await place.raw.request(stream, "", WAIT)).json<{ config: { metadata: object } }>();
  expect(set.config.metadata, "what others wrote there stays").toMatchObject({ team: "orders" });
  const after = await reach(place);
  await work(after);
  expect(await after.attach("quick:pending").result({ timeout: "60s" })).toBe(2);
  await expect(connect({ ...place, partitions: 1 })).rejects.toMatchObject({
    code: "SETTINGS_MISMATCH",
  });
});

test("each key that is submitted again and again while partitions are added is one run with one history (I1, I2)", async () => {
  const place = await open();
  const done = new AbortController();
  const refusals = new Set<string>();
  const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);
  const persist = async (use: (millrace: Millrace) => Promise<void>): Promise<void> => {
    while (!done.signal.aborted) {
      try {
        await using millrace = await connect(place);
        await use(millrace);
      } catch (error) {
        refusals.add(String((error as { code?: string }).code ?? error));
      }
    }
  };
  const rounds: number[] = [0, 0];
  const clients = rounds.map((_, client) =>
    persist(async (millrace) => {
      for (const key of client === 0 ? keys : keys.toReversed()) {
        await millrace.submit(quick, 1, { key });
      }
      rounds[client] = (rounds[client] ?? 0) + 1;
    }),
  );
  const log = pino({ level: "silent" });
  const worker = persist(async (connection) => {
    const serving = await serve(FLOWS, { connection, lease: "1s", log });
    const stop = (): void => void serving.drain();
    done.signal.addEventListener("abort", stop);
    // It may have been over while this one began.
    if (done.signal.aborted) stop();
    await serving.stopped;
    done.signal.removeEventListener("abort", stop);
  });
  const submitted = async (times: number): Promise<void> => {
    await until("all keys were submitted", () => rounds.every((round) => round >= times));
  };
  await submitted(1);
  for (const partitions of [2, 3]) {
    const soFar = Math.max(...rounds);
    await addPartitions({ ...place, partitions });
    await submitted(soFar + 2);
  }
  done.abort();
  await Promise.all([...clients, worker]);
  const expected = new Set(["NAMESPACE_CHANGED", "CONNECTION_CLOSED", "BROKER_ERROR"]);
  expect([...refusals].filter((code) => !expected.has(code))).toEqual([]);

  const after = await reach(place);
  await work(after);
  for (const key of keys) {
    expect(await after.attach(`quick:${key}`).result({ timeout: "60s" })).toBe(2);
    await soundHistory(after, `quick:${key}`);
  }
  for (const kind of ["new", "h"]) {
    const found = await stored(place.raw, place.namespace, 6, kind);
    expect(found.size).toBe(keys.length);
    expect([...found.values()].every((count) => count === 1)).toBe(true);
  }
});

test("on three replicas keys stay used, runs in progress go on, and who was connected before stores nothing", async () => {
  const { urls: servers } = await startNatsCluster(3);
  const place = { servers, namespace: "three" };
  const before = await until("the cluster takes a namespace", () =>
    connect({ ...place, replicas: 3 }).catch(() => undefined),
  );
  onTestFinished(() => before.close());
  const worker = await work(before);
  expect(await (await before.submit(quick, 1, { key: "a" })).result({ timeout: "60s" })).toBe(2);
  const asleep = await before.submit(sleeps, "6s", { key: "a" });
  const waiting = await before.submit(waits, undefined, { key: "a" });
  for (const run of [asleep, waiting]) await givenUp(run);
  await worker.drain();

  await addPartitions({ ...place, partitions: 2 });

  await until("it is disconnected", () => before.broker.closed.aborted);
  const after = await connect(place);
  onTestFinished(() => after.close());
  await work(after);
  await after.submit(quick, 100, { key: "a" });
  expect(await after.attach("quick:a").result({ timeout: "60s" })).toBe(2);
  const run = after.attach(waiting.id);
  await run.signal(go, undefined);
  expect(await run.result({ timeout: "60s" })).toBe("went on");
  expect(await after.attach(asleep.id).result({ timeout: "60s" })).toBe("slept");
  expect(await (await after.submit(quick, 5, { key: "b" })).result({ timeout: "60s" })).toBe(6);
  expect((await after.broker.log.head(parseRunId("quick:b")))?.partition).toBeGreaterThan(0);
});
