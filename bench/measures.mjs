/**
 * What is measured. Each measure takes the open connections and a share of the full size, and gives its values by the
 * ids of their rows (report.mjs).
 */
import { backlog } from "./backlog.mjs";
import { BenchPlace } from "./bench-place.mjs";
import { check } from "./check.mjs";
import { pool, quantile, timed } from "./clock.mjs";
import { million } from "./endurance.mjs";
import { events } from "./events.mjs";
import { growth } from "./growth.mjs";
import { idle } from "./idle.mjs";
import { ingress } from "./ingress.mjs";
import { manyFlows, manyPartitions, manyWorkers } from "./many.mjs";
import { memory } from "./memory.mjs";
import { projection, projectionPostgres } from "./projection.mjs";
import { LARGE, MESSAGE, publishOneByOne, publishTogether } from "./raw-broker.mjs";
import { runAll } from "./run-all.mjs";
import { schedules } from "./schedules.mjs";
import { takeOver } from "./take-over.mjs";
import { takeOverLeak } from "./take-over-leak.mjs";
import { triggers } from "./triggers.mjs";
import { lateness, signals, wakeUps } from "./waiting.mjs";

/** What takes long, and is measured only when it is named. */
export const LONG = new Set([
  "growth",
  "manyFlows",
  "manyWorkers",
  "manyPartitions",
  "backlog",
  "million",
  "takeOverLeak",
]);

/** What is measured in the first round only, without a warm-up. */
export const ONCE = new Set([
  ...LONG,
  "check",
  "idle",
  "fanOut10",
  "memory",
  "projection",
  "projectionPostgres",
  "schedules",
  "takeOver",
]);

export const MEASURES = {
  /** The broker's limit, with nothing of ours before it. */
  async raw({ raw, share, partitions }) {
    const times = await publishOneByOne(raw, 2_000 * share);
    const publish = (count, inFlight, message) =>
      publishTogether(raw, count * share, { inFlight, partitions, message });
    return {
      rawRoundTrip: quantile(times, 0.5),
      raw64: await publish(20_000, 64, MESSAGE),
      raw256: await publish(20_000, 256, MESSAGE),
      rawLarge: await publish(3_000, 64, LARGE),
    };
  },

  /** Submissions to a flow that nobody serves, with no worker there. */
  submit({ share }) {
    return BenchPlace.with({ worker: false }, async ({ millrace }) => {
      const count = 10_000 * share;
      const times = [];
      const submit = async () => {
        const start = performance.now();
        await millrace.submit("nobody");
        times.push(performance.now() - start);
      };
      await pool(count / 10, 64, submit);
      times.length = 0;
      const seconds = await timed(() => pool(count, 64, submit));
      return {
        submits: count / seconds,
        submitP50: quantile(times, 0.5),
        submitP99: quantile(times, 0.99),
      };
    });
  },

  /** Flows that do nothing, from their submission to the result in the client's hands. */
  async noop({ millrace, share, cpu }) {
    const count = 5_000 * share;
    const before = await cpu();
    const seconds = await timed(() => runAll(millrace, count, "noop"));
    const after = await cpu();
    const used = (part) => after[part] - before[part];
    const per1000 = (part) => (used(part) / count) * 1_000;
    return {
      noops: count / seconds,
      noopsPerCpu: count / (used("server") + used("worker")),
      cpuServer: per1000("server"),
      cpuWorker: per1000("worker"),
      cpuClient: per1000("client"),
    };
  },

  /** 500 runs of 10 steps each. */
  async steps({ millrace, share }) {
    const runs = 500 * share;
    const seconds = await timed(() => runAll(millrace, runs, "steps", 10));
    return { steps: (runs * 10) / seconds };
  },

  /** Payloads of 64 KiB: as inputs of runs that nobody starts, and as results of steps, 100 runs × 10. */
  async large({ millrace, share }) {
    const input = "x".repeat(65_000);
    const submits = 1_000 * share;
    const submitting = await timed(() => pool(submits, 64, () => millrace.submit("nobody", input)));
    const runs = Math.max(1, 100 * share);
    const stepping = await timed(() => runAll(millrace, runs, "largeSteps", 10));
    return { largeSubmits: submits / submitting, largeSteps: (runs * 10) / stepping };
  },

  /** One run of 100 steps, alone: ten times, in turns with 100 publishes, so that both had the same machine. */
  async alone({ millrace, raw, share }) {
    const perStep = [];
    const perPublish = [];
    for (let turn = 0; turn < 10 * share; turn++) {
      const publishing = await timed(() => publishOneByOne(raw, 100));
      perPublish.push((publishing * 1_000) / 100);
      const running = await timed(() => runAll(millrace, 1, "steps", 100));
      perStep.push((running * 1_000) / 100);
    }
    const stepAlone = quantile(perStep, 0.5);
    return { stepAlone, stepRatio: stepAlone / quantile(perPublish, 0.5) };
  },

  /** A flow of one step, submitted and waited for, one after the other. */
  async roundTrip({ millrace, share }) {
    const times = [];
    for (let at = 0; at < 200 * share; at++) {
      const seconds = await timed(() => runAll(millrace, 1, "steps", 1));
      times.push(seconds * 1_000);
    }
    return { resultP50: quantile(times, 0.5), resultP99: quantile(times, 0.99) };
  },

  /** Failed runs of 1,000 and of 10,000 steps that are continued by hand: all is replayed, then the run completes. */
  async replay({ millrace, share }) {
    const times = [];
    for (let turn = 0; turn < 10; turn++)
      times.push(await replayOf(millrace, 1_000 * share, 1_000));
    return {
      replayFirst: times[0],
      replay: quantile(times, 0.5),
      replay10: await replayOf(millrace, 10_000 * share, 10_000),
    };
  },

  /** A flow that submits 1,000 runs, waits for all of them, and how many frames that took it. */
  async fanOut({ millrace, share }) {
    const { ms, frames } = await fanOutOf(millrace, 1_000, share);
    return { fanOut: ms, fanOutFrames: frames };
  },

  async fanOut10({ millrace, share }) {
    const { ms, frames } = await fanOutOf(millrace, 10_000, share);
    return { fanOut10: ms, fanOut10Frames: frames };
  },

  ingress,

  /** Events to submissions, and to runs that have begun. */
  triggers,
  lateness,
  wakeUps,
  idle,
  signals,
  events,
  schedules,
  check,
  takeOver,
  memory,
  growth,
  manyFlows,
  manyWorkers,
  manyPartitions,
  backlog,
  million,
  takeOverLeak,
  projection,
  projectionPostgres,
};

/** Milliseconds from asking for it to the result, as for `full` steps. */
async function replayOf(millrace, steps, full) {
  const run = await millrace.submit("failsOnce", steps);
  await run.result().catch(() => undefined);
  const { sequence } = await run.state();
  const seconds = await timed(async () => {
    await run.resume();
    for await (const event of run.events({ from: sequence, follow: true })) {
      if (event.type === "Completed") return;
    }
  });
  return (seconds * 1_000 * full) / steps;
}

/** Milliseconds from the submission to the result, as for all of the children. */
async function fanOutOf(millrace, full, share) {
  const children = Math.round(full * share);
  const start = performance.now();
  const run = await millrace.submit("fanOut", children);
  await run.result();
  const ms = ((performance.now() - start) * full) / children;
  const frames = new Set();
  for await (const { sequence } of run.events()) frames.add(sequence);
  return { ms, frames: frames.size };
}
