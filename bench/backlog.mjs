/** 500,000 submissions that wait, and one worker that drains them: what becomes of the runs that are in progress meanwhile. */
import { setTimeout as pause } from "node:timers/promises";
import { BenchPlace } from "./bench-place.mjs";
import { pool, quantile, timed } from "./clock.mjs";
import { exactNow, go } from "./flows.mjs";
import { untilSuspended } from "./until.mjs";
import { WorkerProcess } from "./worker-process.mjs";

export function backlog({ share }) {
  return BenchPlace.with(OPTIONS, async (place) => {
    const count = Math.round(500_000 * share);
    const waiting = [];
    await pool(SAMPLES * 2, 64, async () => waiting.push(await place.millrace.submit("awaitsGo")));
    await untilSuspended(place, "awaitsGo");
    const before = await sample(place, waiting);
    // The worker goes, the submissions come, and the worker comes back: 500,000 runs wait for it.
    await place.worker.stop();
    const submitting = await timed(() => pool(count, 256, () => place.millrace.submit("noop")));
    place.worker = await WorkerProcess.start(place.server.url, OPTIONS);
    const left = async () => {
      const info = await place.raw.request("$JS.API.CONSUMER.INFO.MR_default_0.new-noop");
      const { num_pending, num_ack_pending } = info.json();
      return num_pending + num_ack_pending;
    };
    const start = performance.now();
    await pause(WARM_MS);
    const during = await sample(place, waiting);
    const leftAfterwards = await left();
    while ((await left()) > 0) await pause(LOOK_AGAIN_MS);
    const draining = (performance.now() - start) / 1_000;
    return {
      backlogSubmits: count / submitting,
      backlogDrain: count / draining,
      backlogLeft: leftAfterwards,
      backlogSignalBefore: quantile(before.signals, 0.5),
      backlogSignal: quantile(during.signals, 0.5),
      backlogSignalP99: quantile(during.signals, 0.99),
      backlogTicksBefore: quantile(before.ticks, 0.5),
      backlogTicks: quantile(during.ticks, 0.5),
      backlogTicksP99: quantile(during.ticks, 0.99),
    };
  });
}

/**
 * Runs that are suspended are signalled, one every 50 ms: from the signal to their next step. And runs that are new in
 * another queue, ten steps with sleeps: by how much they are late at the end.
 */
async function sample({ millrace }, waiting) {
  const signals = [];
  const ticks = [];
  const ends = [];
  for (let at = 0; at < SAMPLES; at++) {
    ends.push(
      signalled(waiting.pop()).then((ms) => signals.push(ms)),
      millrace
        .submit("naps")
        .then((run) => run.result())
        .then((ms) => ticks.push(ms)),
    );
    await pause(50);
  }
  await Promise.all(ends);
  return { signals, ticks };
}

async function signalled(run) {
  const sentAt = exactNow();
  await run.signal(go);
  return (await run.result()) - sentAt;
}

const OPTIONS = { suspendAfter: 20 };
const SAMPLES = 200;
const WARM_MS = 2_000;
const LOOK_AGAIN_MS = 500;
