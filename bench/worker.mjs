import { pino } from "pino";
import { connect, serve } from "../dist/index.js";
import { FLOWS } from "./flows.mjs";
import { startProfile, stopProfile } from "./profiler.mjs";

const [servers, options] = process.argv.slice(2);
const millrace = await connect({ servers });
const worker = await serve(FLOWS, {
  connection: millrace,
  concurrency: 200,
  log: pino({ level: "warn" }),
  ...JSON.parse(options),
});

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
  await worker.drain();
  await millrace.close();
}
