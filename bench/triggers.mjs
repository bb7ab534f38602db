/** How many events a trigger acts upon, and how soon. */
import { BenchPlace } from "./bench-place.mjs";
import { pool, quantile } from "./clock.mjs";
import { exactNow } from "./flows.mjs";
import { until } from "./until.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/**
 * Events that wait, acted upon by one worker that starts then: the rate is that of the submissions, over the last nine tenths, and
 * nobody executes the runs. Then one event after the other, until the flow that it starts has begun.
 */
export function triggers({ share }) {
  const count = Math.round(20_000 * share);
  return BenchPlace.with({ worker: false }, async ({ millrace, server }) => {
    await millrace.triggers.put({ name: "many", on: "many", action: { submit: "nobody" } });
    const action = { submit: "stamped", key: "event.data.at" };
    await millrace.triggers.put({ name: "one", on: "one", action });
    await pool(count, 256, () => millrace.emit("many", { total: 42 }));
    const { bus } = millrace.broker;
    const left = async () => {
      const consumers = await bus.consumers(bus.streams.events);
      const found = consumers.find(({ name }) => name.startsWith("trigger_many_"));
      return found === undefined ? count : found.waiting + found.handedOut;
    };
    const worker = await WorkerProcess.start(server.url);
    try {
      await until(async () => (await left()) <= count * 0.9);
      const first = { left: await left(), at: performance.now(), cpu: await worker.cpuSeconds() };
      await until(async () => (await left()) === 0);
      const seconds = (performance.now() - first.at) / 1_000;
      const cpu = (await worker.cpuSeconds()) - first.cpu;
      const times = await latencies(millrace, Math.round(300 * share));
      return {
        triggered: first.left / seconds,
        triggeredCpu: (cpu / first.left) * 1_000,
        triggerP50: quantile(times, 0.5),
        triggerP99: quantile(times, 0.99),
      };
    } finally {
      await worker.stop();
    }
  });
}

/** From the call of `emit` to the first step of the run, by the machine's clock. */
async function latencies(millrace, count) {
  const times = [];
  for (let at = 0; at < count; at++) {
    const before = exactNow();
    await millrace.emit("one", { at });
    times.push((await resultOf(millrace.attach(`stamped:${at}`))) - before);
  }
  return times;
}

/** Of a run that may not be submitted yet. */
async function resultOf(run) {
  for (;;) {
    try {
      return await run.result();
    } catch (error) {
      if (error.code !== "RUN_NOT_FOUND") throw error;
    }
  }
}
