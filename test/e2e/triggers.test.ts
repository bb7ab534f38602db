/** Each event is acted upon once, whoever dies: counted by the runs that there are. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { keepWorkers } from "./support/keep-workers.ts";
import { openTestBed, type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
/** Each death of a worker is followed by the start of a process, which a busy machine takes its time for. */
const SOON_MS = 150_000;

test("300 events are acted upon once each although workers are killed in the middle, alone and in batches", async () => {
  const bed = await beds.open();
  const workers = keepWorkers(1, () => bed.worker("triggers"));
  await until("the triggers are there", () => areDeclared(bed), SOON_MS);
  const victims = await Promise.all([bed.worker("triggers"), bed.worker("triggers")]);
  for (let at = 0; at < 300; at++) {
    await Promise.all([
      bed.millrace.emit("tick", { at }),
      bed.millrace.emit("reading", { sensor: `s${at % 4}`, value: at }),
    ]);
    if (at === 80) await victims[0]?.kill();
    if (at === 180) await victims[1]?.kill();
  }
  const all = Array.from({ length: 300 }, (_, at) => at);
  await until(
    "all are acted upon",
    async () => {
      const { ticks, readings } = await actedUpon(bed);
      return ticks.length >= 300 && readings.length >= 300;
    },
    SOON_MS,
  );
  const { ticks, readings } = await actedUpon(bed);
  expect(ticks).toEqual(all);
  expect(readings).toEqual(all);
  await workers.stop();
});

test("messages of any subject are acted upon once each, though the broker is killed and started again", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const bed = await openTestBed(server.url);
  await bed.worker("triggers");
  await until(
    "the subject is captured",
    async () => (await bed.millrace.broker.bus.streamOf("shop.eu.created")) !== undefined,
  );
  for (let at = 0; at < 60; at++) {
    if (at === 30) {
      await server.kill();
      server = await startNatsServer({ storeDir, port: server.port });
      // For both connections: what is sent into one that does not know yet that it is cut is lost.
      await until("the broker is there", async () =>
        Promise.all([bed.millrace.workers(), (await bed.raw()).flush()]).then(
          () => true,
          () => false,
        ),
      );
    }
    await bed.publish("shop.eu.created", new TextEncoder().encode(JSON.stringify({ at })));
  }
  const data = Array.from({ length: 60 }, (_, at) => ({
    subject: "shop.eu.created",
    data: { at },
  }));
  await until("all are acted upon", async () => (await inputsOf(bed)).length >= 60, SOON_MS);
  const inputs = await inputsOf(bed);
  expect(inputs.toSorted((one, other) => place(one) - place(other))).toEqual(data);
});

test("on crashed with a tag somebody is told, children are cancelled, and a run is resubmitted three times", async () => {
  const bed = await beds.open();
  const workers = keepWorkers(2, () => bed.worker("triggers"));
  await bed.millrace.submit("deadly", { children: 2 }, { key: "a", tags: ["family"] });
  // The others would take its worker along before it has both.
  await until("it has two children", async () => (await childrenOf(bed)).length === 2, SOON_MS);
  await bed.millrace.submit("deadly", {}, { key: "b", tags: ["again"] });
  await bed.millrace.submit("deadly", {}, { key: "c", tags: ["origin:backend"] });
  await bed.millrace.submit("deadly", {}, { key: "d", tags: ["origin:other"] });
  await until(
    "the children are cancelled",
    async () => (await childrenOf(bed)).every((status) => status === "cancelled"),
    SOON_MS,
  );
  await until(
    "the run was submitted three times more",
    async () => {
      const crashed = [];
      for await (const { id, status } of bed.millrace.list({ flow: "deadly" })) {
        if (status === "crashed") crashed.push(id);
      }
      // Four at first, and three more of one of them.
      return crashed.length === 7;
    },
    SOON_MS,
  );
  await until("somebody was told", async () => (await inputsOf(bed)).length > 0, SOON_MS);
  expect(await inputsOf(bed)).toEqual([{ run: "deadly:c", because: "crashed" }]);
  // Whoever acts may be killed by the next deadly run, and then another acts later: no order is promised.
  const ends = await until(
    "all six have acted",
    async () => {
      const outcomes = await outputsOf(bed, "millrace-action");
      return outcomes.length === 6 && outcomes;
    },
    SOON_MS,
  );
  // The last one is told that there were three.
  expect(ends.filter(({ done }) => done === false).length).toBe(1);
  await workers.stop();
});

/** How the children of the deadly are. */
async function childrenOf({ millrace }: TestBed): Promise<readonly string[]> {
  const states: string[] = [];
  for await (const { status } of millrace.list({ flow: "sleeper" })) states.push(status);
  return states;
}

async function areDeclared(bed: TestBed): Promise<boolean> {
  return (await bed.millrace.triggers.list()).length === 7;
}

interface ActedUpon {
  readonly ticks: readonly number[];
  readonly readings: readonly number[];
}

async function actedUpon(bed: TestBed): Promise<ActedUpon> {
  const ticks: number[] = [];
  const readings: number[] = [];
  for (const input of await inputsOf(bed)) {
    if (Array.isArray(input)) readings.push(...(input as number[]));
    else ticks.push((input as { at: number }).at);
  }
  return { ticks: inOrder(ticks), readings: inOrder(readings) };
}

function inOrder(numbers: readonly number[]): readonly number[] {
  return numbers.toSorted((one, other) => one - other);
}

function place(input: unknown): number {
  return (input as { data: { at: number } }).data.at;
}

/** Of the runs that acted: one for each firing. */
async function inputsOf(bed: TestBed): Promise<readonly unknown[]> {
  return await outputsOf(bed, "acted");
}

async function outputsOf(
  bed: TestBed,
  flow: string,
): Promise<readonly { readonly done?: boolean }[]> {
  const ids = new Set<string>();
  for await (const { id, status } of bed.millrace.list({ flow })) {
    if (status === "completed") ids.add(id);
  }
  const outputs: { readonly done?: boolean }[] = [];
  for await (const result of bed.millrace.results<{ done?: boolean }>(ids)) {
    if (result.status === "completed") outputs.push(result.output);
  }
  return outputs;
}
