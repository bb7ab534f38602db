/** What it costs to tell of runs, and how soon it is told. */
import { BenchPlace } from "./bench-place.mjs";
import { quantile, timed } from "./clock.mjs";
import { exactNow } from "./flows.mjs";
import { cpuSecondsOf } from "./process-cost.mjs";
import { runAll } from "./run-all.mjs";
import { until } from "./until.mjs";

/** No-op flows with a worker that tells of them, and with one that does not: every event is durable when the clock stops. */
export async function events({ share }) {
  const count = Math.round(5_000 * share);
  const silent = await BenchPlace.with({ automation: false }, (place) => costOf(place, count, 0));
  return BenchPlace.with({}, async (place) => {
    const telling = await costOf(place, count, 2);
    const latency = await latencyOf(place, Math.round(500 * share));
    return {
      noopsSilent: silent.perSecond,
      noopsTold: telling.perSecond,
      told: telling.toldPerSecond,
      cpuWorkerSilent: silent.cpuWorker,
      cpuWorkerTold: telling.cpuWorker,
      cpuServerSilent: silent.cpuServer,
      cpuServerTold: telling.cpuServer,
      toldP50: quantile(latency, 0.5),
      toldP99: quantile(latency, 0.99),
    };
  });
}

/** Runs per second from submission to result, events per second to the last one, CPU seconds per 1,000 runs. */
async function costOf({ millrace, server, worker }, count, eventsOfEach) {
  await runAll(millrace, Math.ceil(count / 10), "noop");
  const { bus } = millrace.broker;
  const stored = async () => (await bus.extent(bus.streams.events)).messages;
  await until(async () => (await stored()) >= Math.ceil(count / 10) * eventsOfEach);
  const before = await stored();
  const cpu = async () => [await worker.cpuSeconds(), await cpuSecondsOf(server.pid)];
  const [workerBefore, serverBefore] = await cpu();
  let seconds = 0;
  const toldSeconds = await timed(async () => {
    seconds = await timed(() => runAll(millrace, count, "noop"));
    await until(async () => (await stored()) - before >= count * eventsOfEach);
  });
  const [workerAfter, serverAfter] = await cpu();
  return {
    perSecond: count / seconds,
    toldPerSecond: (count * eventsOfEach) / toldSeconds,
    cpuWorker: ((workerAfter - workerBefore) / count) * 1_000,
    cpuServer: ((serverAfter - serverBefore) / count) * 1_000,
  };
}

/** One run after the other: from when it ended, by the worker's clock, until a plain subscriber has the event. */
async function latencyOf({ millrace, raw }, count) {
  const times = [];
  const subject = `millrace.${millrace.namespace}.events.run.completed.>`;
  const subscription = raw.subscribe(subject, {
    callback: (_, message) => {
      times.push(exactNow() - Date.parse(message.json().time));
    },
  });
  for (let at = 0; at < count; at++) {
    await runAll(millrace, 1, "noop");
    await until(async () => times.length > at);
  }
  subscription.unsubscribe();
  return times;
}
