import { pino } from "pino";
import { connect, serve } from "../dist/index.js";
import { FLOWS } from "./flows.mjs";
import { startProfile, stopProfile } from "./profiler.mjs";

const [servers, text] = process.argv.slice(2);
/** `copies`: so many workers in this process, each with a connection of its own. The first one answers for all. */
const {
  namespace = "default",
  partitions,
  copies = 1,
  level = "warn",
  only,
  ...options
} = JSON.parse(text);
/** `only`: the names of the flows that are served. */
const served = FLOWS.filter(({ name }) => only === undefined || only.includes(name));
const connections = [];
const workers = [];
for (let copy = 0; copy < copies; copy++) {
  const connection = await connect({ servers, namespace, ...(partitions && { partitions }) });
  connections.push(connection);
  const log = pino({ level });
  workers.push(await serve(served, { connection, concurrency: 200, log, ...options }));
}
const [worker] = workers;

const ANSWERS = {
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  stats: () => worker.stats,
  memory: () => {
    for (let times = 0; times < 3; times++) globalThis.gc();
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss };
  },
  startProfile: () => startProfile(),
  stopProfile: ({ path }) => stopProfile(path),
};

process.on("message", (question) => void answer(question));
process.on("disconnect", () => void stop());
process.send?.({ to: "ready" });

async function answer(question) {
  const value = await ANSWERS[question.ask]?.(question);
  process.send?.({ to: question.ask, value });
}

async function stop() {
  await Promise.all(workers.map((one) => one.drain()));
  await Promise.all(connections.map((one) => one.close()));
}
