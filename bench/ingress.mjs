import { headers } from "@nats-io/transport-node";
import { BenchPlace } from "./bench-place.mjs";
import { pool } from "./clock.mjs";
import { cpuSecondsOf } from "./process-cost.mjs";
import { until } from "./until.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/**
 * Messages of a client that knows nothing of Millrace, taken in by one worker. They are published before it starts, and
 * nobody executes the runs: the rate is that of submissions alone, over the last nine tenths.
 */
export function ingress({ share }) {
  const count = 30_000 * share;
  return BenchPlace.with({ worker: false }, async ({ raw, millrace, server }) => {
    const { bus } = millrace.broker;
    const left = async () => (await bus.extent(bus.streams.ingress))?.messages ?? 0;
    const subject = `millrace.${millrace.namespace}.submit.noop`;
    const sent = headers();
    sent.set("Millrace-Tags", "bench,plain");
    await pool(count, 256, () => raw.request(subject, '{"id":42}', { headers: sent }));
    const worker = await WorkerProcess.start(server.url, { queues: ["elsewhere"] });
    try {
      await until(async () => (await left()) <= count * 0.9);
      const first = { left: await left(), at: performance.now(), ...(await cpu(server, worker)) };
      await until(async () => (await left()) === 0);
      const seconds = (performance.now() - first.at) / 1_000;
      const after = await cpu(server, worker);
      const per1000 = (part) => ((after[part] - first[part]) / first.left) * 1_000;
      return {
        ingress: first.left / seconds,
        ingressCpuServer: per1000("server"),
        ingressCpuWorker: per1000("worker"),
      };
    } finally {
      await worker.stop();
    }
  });
}

async function cpu(server, worker) {
  return { server: await cpuSecondsOf(server.pid), worker: await worker.cpuSeconds() };
}
