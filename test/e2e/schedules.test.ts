import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ScheduleView } from "../../src/client/schedules.ts";
import { connect } from "../../src/connect.ts";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { scheduledKey } from "../../src/engine/schedule-keys.ts";
import { between } from "../../src/expressions/cron.ts";
import { flow, type Millrace, schedule, serve } from "../../src/index.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { cloudEventOf } from "../../src/wire/cloud-event-codec.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

/** Long enough that no machine is too slow, short enough that a lease that runs out does not fail the test. */
const PATIENCE_MS = 120_000;

/** The keys that a schedule's runs must have: of each due time since it was put, up to the last one that had a run. */
function keysUpTo({ spec, createdAt }: ScheduleView, lastDue: Date): readonly string[] {
  const times = between(spec.timing, createdAt.getTime() + 1, lastDue.getTime() + 1, 10_000);
  return times.map((time) => scheduledKey(spec.name, time));
}

/** The keys of a schedule's runs that executed, each once. */
function executed({ ledger }: TestBed, name: string): readonly string[] {
  const runs = ledger.entries.map(({ run }) => run.slice(run.indexOf(":") + 1));
  return [...new Set(runs.filter((key) => key.startsWith(`${name}-`)))].toSorted();
}

/** Resolves when runs of so many due times have executed and nothing is behind, and gives the schedule then. */
function hasRun(bed: TestBed, name: string, count: number): Promise<ScheduleView> {
  return until(
    `${count} runs of ${name}`,
    async () => {
      if (executed(bed, name).length < count) return undefined;
      const view = await bed.millrace.schedules.get(name);
      const last = view.lastRun?.slice(view.lastRun.indexOf(":") + 1) ?? "";
      return executed(bed, name).includes(last) ? view : undefined;
    },
    PATIENCE_MS,
  );
}

/** The due times that somebody told of as skipped, as keys. */
async function skippedKeys(millrace: Millrace, view: ScheduleView): Promise<readonly string[]> {
  const { bus, log } = millrace.broker;
  const filters = [new BusSubjects(log.namespace).systemEvent("schedule.skipped")];
  const keys: string[] = [];
  for await (const batch of bus.scan(bus.streams.events, { filters })) {
    for (const message of batch) {
      const data = cloudEventOf(message).data as {
        schedule: string;
        firstDue: string;
        lastDue: string;
      };
      if (data.schedule !== view.name) continue;
      const [from, to] = [Date.parse(data.firstDue), Date.parse(data.lastDue)];
      const times = between(view.spec.timing, from, to + 1, 10_000);
      keys.push(...times.map((time) => scheduledKey(view.name, time)));
    }
  }
  return keys;
}

test("workers that are killed leave no due time without its run", async () => {
  const bed = await beds.open();
  const [one, other] = await Promise.all([bed.worker("scheduled"), bed.worker("scheduled")]);
  await bed.millrace.schedules.put({ name: "s", flow: "tick", every: "1s", catchUp: "all" });
  await hasRun(bed, "s", 3);
  await one?.kill();
  await hasRun(bed, "s", 6);
  await bed.worker("scheduled");
  await other?.kill();
  const view = await hasRun(bed, "s", 10);
  const due = keysUpTo(view, view.lastDueAt ?? new Date(0));
  // What a killed worker had begun is taken over a little later.
  await until("each due time up to then has its run", () => {
    const ran = new Set(executed(bed, "s"));
    return due.every((key) => ran.has(key));
  });
  const wrong = executed(bed, "s").filter((key) => key <= (due.at(-1) ?? "") && !due.includes(key));
  expect(wrong).toEqual([]);
});

test("what falls due while no worker is there is caught up with as each schedule says", async () => {
  const bed = await beds.open();
  const worker = await bed.worker("scheduled");
  const { schedules } = bed.millrace;
  const names = ["skip", "latest", "all"] as const;
  for (const mode of names) {
    await schedules.put({ name: mode, flow: "tick", every: "1s", catchUp: { mode, grace: "2s" } });
  }
  await Promise.all(names.map((name) => hasRun(bed, name, 2)));
  await worker.kill();
  const before = new Map(names.map((name) => [name, executed(bed, name).length]));
  const gone = Date.now();
  await until("several due times passed", () => Date.now() - gone > 6_000);
  const back = Date.now();
  await bed.worker("scheduled");
  for (const name of names) {
    await hasRun(bed, name, (before.get(name) ?? 0) + 3);
    const { run, skipped, due } = await until(`all of ${name} are run or skipped`, async () => {
      const view = await schedules.get(name);
      const keys = keysUpTo(view, view.lastDueAt ?? new Date(0));
      const upTo = (all: readonly string[]) => all.filter((key) => key <= (keys.at(-1) ?? ""));
      const ran = upTo(executed(bed, name));
      const left = upTo(await skippedKeys(bed.millrace, view));
      // What was submitted before the kill may run after it: the gap itself is to be behind it.
      const isBehind = (view.lastDueAt?.getTime() ?? 0) >= back;
      const isOver = isBehind && keys.every((key) => ran.includes(key) || left.includes(key));
      return isOver ? { run: ran, skipped: left, due: keys } : undefined;
    });
    // Each is one of the two, and none is both.
    expect([...run, ...skipped].toSorted()).toEqual([...due].toSorted());
    expect([name, skipped.length > 0]).toEqual([name, name !== "all"]);
  }
});

test("a broker that is away when a run is due has it submitted as soon as it is back", async () => {
  const storeDir = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  onTestFinished(() => rm(storeDir, { recursive: true, force: true, maxRetries: 3 }));
  const first = await startNatsServer({ storeDir });
  const port = Number(new URL(first.url).port);
  const millrace = await connect({ servers: first.url });
  onTestFinished(() => millrace.close());
  const keys = new Set<string>();
  const tick = flow("tick", (ctx) => void keys.add(ctx.runId.slice("tick:".length)));
  const often = schedule("often", { flow: tick, every: "1s", catchUp: "all" });
  const worker = await serve([tick, often], { connection: millrace, lease: "1s" });
  await until("it is run", () => keys.size >= 2);
  const before = keys.size;
  await first.kill();
  const gone = Date.now();
  await until("several due times passed", () => Date.now() - gone > 3_000);
  const second = await startNatsServer({ storeDir, port });
  onTestFinished(() => second.kill());
  await until("it goes on", () => keys.size >= before + 6, PATIENCE_MS);
  await worker.drain();
  const view = await millrace.schedules.get("often");
  const due = keysUpTo(view, view.lastDueAt ?? new Date(0));
  await until("all that was submitted has run", async () => {
    const states = due.map((key) => millrace.attach(`tick:${key}`).state());
    return Promise.all(states).catch(() => undefined);
  });
  for (const key of keys) expect(due).toContain(key);
});
