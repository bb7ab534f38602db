import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import type { RunHandle } from "../../src/client/run-handle.ts";
import { flow } from "../../src/definition/flow.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { type Caretaker, startCaretaker } from "../../src/server/caretaker.ts";
import { serve } from "../../src/worker/serve.ts";
import { followFeed } from "../server/support/folded-runs.ts";
import { ListedRuns } from "../server/support/listed-runs.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const log = pino({ level: "silent" });
const napping = flow("napping", async (ctx) => {
  await ctx.sleep("8s"); // The order is taken away well before it is due.
  return "rested";
});

const beds = testBeds();

/** Serves `napping`, and gives runs up as soon as they only wait. */
async function serves(connection: Millrace): Promise<void> {
  const worker = await serve([napping], { connection, lease: 1_000, suspendAfter: 0, log });
  onTestFinished(() => worker.drain());
}

function caretakerOf(millrace: Millrace): Caretaker {
  const store = new ListedRuns();
  const ended = new AbortController();
  const following = followFeed(store, millrace.broker.feed, ended.signal);
  const host = { millrace, store, clock: systemClock, log, replica: "one" };
  const caretaker = startCaretaker(host, { everyMs: 200, wakePatienceMs: 500, stallMs: 1_000 });
  onTestFinished(async () => {
    await caretaker.stop();
    ended.abort();
    await following;
  });
  return caretaker;
}

/** Removes every order for a wake-up, as nobody but an operator's mistake does. */
async function withoutOrders(bed: TestBed): Promise<number> {
  const filter = `mr.${bed.namespace}.0.tm.>`;
  const subject = `$JS.API.STREAM.PURGE.MR_${bed.namespace}_0`;
  const answer = await (await bed.raw()).request(subject, JSON.stringify({ filter }), {
    timeout: 30_000,
  });
  return answer.json<{ purged: number }>().purged;
}

async function gets(run: RunHandle, status: string): Promise<void> {
  await until(`${run.id} is ${status}`, async () => (await run.state()).status === status);
}

test("a run that sleeps is woken although the broker's order to wake it is gone", async () => {
  const bed = await beds.open();
  await serves(bed.millrace);
  const run = await bed.millrace.submit(napping);
  await gets(run, "suspended");
  expect(await withoutOrders(bed)).toBe(1);
  const caretaker = caretakerOf(bed.millrace);
  expect(await run.result({ timeout: "60s" })).toBe("rested");
  expect(caretaker.status.repairs["wake-overdue"]).toBe(1);
});

test("a run that was submitted for later starts although the broker's order to wake it is gone", async () => {
  const bed = await beds.open();
  await serves(bed.millrace);
  const run = await bed.millrace.submit(napping, undefined, { delay: "8s" });
  await until("a worker has seen it, and given it up", async () => {
    const { epoch, worker } = await run.state();
    return epoch === 1 && worker === "";
  });
  expect(await withoutOrders(bed)).toBe(1);
  const caretaker = caretakerOf(bed.millrace);
  await gets(run, "suspended");
  await until("that is counted", () => caretaker.status.repairs["wake-overdue"] > 0);
  expect(caretaker.status.repairs["wake-overdue"]).toBe(1);
});

test("a consumer that hands out nothing although a worker asks is reported, until it does", async () => {
  const bed = await beds.open();
  await serves(bed.millrace);
  const caretaker = caretakerOf(bed.millrace);
  await pauseConsumer(bed, new Date(Date.now() + 3_600_000));
  const run = await bed.millrace.submit(napping);
  await until("the stall is reported", async () => caretaker.status.stalled.length > 0);
  expect(caretaker.status.stalled).toMatchObject([
    { place: "napping", kind: "new", waiting: 1, message: expect.stringContaining("not paused") },
  ]);
  await pauseConsumer(bed, new Date(0));
  await gets(run, "suspended");
  await until("the stall is over", async () => caretaker.status.stalled.length === 0);
});

/** As an operator can: the broker then delivers nothing until that time. */
async function pauseConsumer(bed: TestBed, end: Date): Promise<void> {
  const subject = `$JS.API.CONSUMER.PAUSE.MR_${bed.namespace}_0.new-napping`;
  const pause = JSON.stringify({ pause_until: end.toISOString() });
  const answer = (await (await bed.raw()).request(subject, pause, { timeout: 30_000 })).json<{
    error?: object;
  }>();
  if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
}
