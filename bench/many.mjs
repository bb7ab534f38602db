/** Many flows in one worker, many workers, and many partitions. */
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { connect, flow, serve } from "../dist/index.js";
import { BenchPlace } from "./bench-place.mjs";
import { pool, quantile, timed } from "./clock.mjs";
import { runAll } from "./run-all.mjs";
import { WorkerProcess } from "./worker-process.mjs";

/** One worker that serves 200 flows: how long it takes to start, what it asks for while idle, and no-op runs of all of them. */
export function manyFlows({ share }) {
  return BenchPlace.with({ worker: false }, async ({ server, raw, millrace }) => {
    const flows = Array.from({ length: 200 }, (_, at) => flow(`flow${at}`, () => undefined));
    const log = pino({ level: "silent" });
    const start = async () => {
      const connection = await connect({ servers: server.url });
      return { connection, worker: await serve(flows, { connection, log, concurrency: 200 }) };
    };
    let serving;
    const first = await timed(async () => (serving = await start()));
    await stop(serving);
    const again = await timed(async () => (serving = await start()));
    const count = Math.round(5_000 * share);
    const runMany = async (nameOf) => {
      const results = [];
      let at = 0;
      await pool(count, 256, async () => {
        results.push((await millrace.submit(nameOf(at++))).result());
      });
      await Promise.all(results);
    };
    await runMany((at) => `flow${at % 200}`);
    const one = await timed(() => runMany(() => "flow0"));
    const all = await timed(() => runMany((at) => `flow${at % 200}`));
    const idle = await callsPerSecond(raw);
    await stop(serving);
    return {
      flowsStart: first,
      flowsStartAgain: again,
      flowsIdle: idle,
      flowsOne: count / one,
      flowsAll: count / all,
    };
  });
}

async function stop({ connection, worker }) {
  await worker.drain();
  await connection.close();
}

/** One worker, and then 50 of them, ten in each of five processes. */
export function manyWorkers({ share }) {
  return BenchPlace.with({ only: ["noop"] }, async (place) => {
    const count = Math.round(5_000 * share);
    const rate = async () => count / (await timed(() => runAll(place.millrace, count, "noop")));
    await rate();
    const alone = await rate();
    const idleAlone = await callsPerSecond(place.raw);
    await place.worker.stop();
    const processes = [];
    for (let at = 0; at < 5; at++) {
      processes.push(await WorkerProcess.start(place.server.url, { copies: 10, only: ["noop"] }));
    }
    place.worker = processes.pop();
    try {
      await rate();
      const together = await rate();
      return {
        workersOne: alone,
        workersFifty: together,
        workersOneIdle: idleAlone,
        workersFiftyIdle: await callsPerSecond(place.raw),
      };
    } finally {
      for (const one of processes) await one.stop();
    }
  });
}

/** The same load on namespaces with 1, 4 and 16 partitions of one server, in turns. */
export function manyPartitions({ share }) {
  return BenchPlace.with({ worker: false }, async ({ server }) => {
    const places = [];
    try {
      for (const number of [1, 4, 16]) {
        const options = { namespace: `p${number}`, partitions: number };
        const worker = await WorkerProcess.start(server.url, options);
        const millrace = await connect({ servers: server.url, ...options });
        places.push({ number, worker, millrace, noops: [], steps: [] });
      }
      const count = Math.round(5_000 * share);
      for (let round = 0; round < 4; round++) {
        for (const { millrace, noops, steps } of places) {
          const noop = await timed(() => runAll(millrace, count, "noop"));
          const step = await timed(() => runAll(millrace, count / 10, "steps", 10));
          if (round === 0) continue;
          noops.push(count / noop);
          steps.push(count / step);
        }
      }
      return Object.fromEntries(
        places.flatMap(({ number, noops, steps }) => [
          [`partitions${number}`, quantile(noops, 0.5)],
          [`partitions${number}Steps`, quantile(steps, 0.5)],
        ]),
      );
    } finally {
      for (const { worker, millrace } of places) {
        await worker.stop();
        await millrace.close();
      }
    }
  });
}

/** Requests to the broker, and writes, while nothing is to be done. */
async function callsPerSecond(raw) {
  await pause(SETTLED_MS);
  let calls = 0;
  const counts = ["$JS.API.>", "mr.>"].map((subject) =>
    raw.subscribe(subject, { callback: () => calls++ }),
  );
  await pause(MEASURED_MS);
  for (const count of counts) count.unsubscribe();
  return calls / (MEASURED_MS / 1_000);
}

/** As long as the longest request is open. */
const SETTLED_MS = 10_000;
const MEASURED_MS = 20_000;
