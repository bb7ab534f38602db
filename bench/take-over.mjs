/** How soon the runs of a worker that dies go on elsewhere. */
import { setTimeout as pause } from "node:timers/promises";
import { BenchPlace } from "./bench-place.mjs";
import { quantile } from "./clock.mjs";
import { runAll } from "./run-all.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/**
 * A worker that holds 50 runs is killed with -9, or stopped with SIGSTOP, while another one that has worked, and is idle now, stands by;
 * that one is the next to go. Each time counts the run that took longest: from the signal to the first step that was recorded elsewhere.
 */
export async function takeOver({ share }) {
  const rounds = Math.max(1, Math.round(7 * share));
  const fast = await BenchPlace.with({ worker: false }, (place) => timesOf(place, rounds, {}));
  const byLease = { takeOver: "lease" };
  const few = Math.max(1, Math.round(3 * share));
  const lease = await BenchPlace.with({ worker: false }, (place) => timesOf(place, few, byLease));
  const stop = { signal: "SIGSTOP" };
  const paused = await BenchPlace.with({ worker: false }, (p) => timesOf(p, few, {}, stop));
  return {
    takeOverFast: quantile(fast, 0.5),
    takeOverFastMax: Math.max(...fast),
    takeOverLease: quantile(lease, 0.5),
    takeOverLeaseMax: Math.max(...lease),
    takeOverPaused: quantile(paused, 0.5),
    takeOverPausedMax: Math.max(...paused),
  };
}

const RUNS = 50;

async function timesOf({ server, millrace }, rounds, options, { signal = "SIGKILL" } = {}) {
  let holder = await WorkerProcess.start(server.url, options);
  const runs = [];
  for (let at = 0; at < RUNS; at++) runs.push(await millrace.submit("ticks"));
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const heir = await WorkerProcess.start(server.url, options);
    await untilItHolds(holder, RUNS);
    await giveWork(millrace);
    // Longer than a second; and at any point between two questions or renewals.
    await pause(2_000 + Math.random() * 1_500);
    const killedAt = Date.now();
    holder.signal(signal);
    // Nothing else is asked of anybody meanwhile.
    await untilItHolds(heir, RUNS);
    await pause(1_000);
    const wentOn = await Promise.all(runs.map((run) => wentOnAt(run, killedAt)));
    times.push(Math.max(...wentOn) - killedAt);
    await holder.kill();
    holder = heir;
  }
  await holder.kill();
  return times;
}

/** A worker that has done nothing yet has its code to compile first. Both take a part of this, also of taking runs up again. */
async function giveWork(millrace) {
  await runAll(millrace, 200, "steps", 2);
  const runs = [];
  for (let at = 0; at < 100; at++) runs.push(await millrace.submit("failsOnce", 3));
  await Promise.all(runs.map((run) => run.result().catch(() => undefined)));
  await Promise.all(runs.map((run) => run.resume()));
  await Promise.all(runs.map((run) => untilCompleted(run)));
}

async function untilCompleted(run) {
  while ((await run.state()).status !== "completed") await pause(50);
}

/** When the first step was recorded by whoever took the run up after this time. */
async function wentOnAt(run, after) {
  for (;;) {
    let isElsewhere = false;
    for await (const { type, at } of run.events()) {
      if (type === "Activated" && at >= after) isElsewhere = true;
      if (type === "StepCompleted" && isElsewhere) return at;
    }
    await pause(500);
  }
}

async function untilItHolds(worker, count) {
  while ((await worker.stats()).held < count) await pause(50);
}
