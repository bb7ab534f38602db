import { pino } from "pino";
import { connect, flow, serve, task } from "../dist/index.js";
import { startProfile, stopProfile } from "./profiler.mjs";

const nothing = task("nothing", (input) => input);

const noop = flow("noop", () => undefined);

const steps = flow("steps", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.run(nothing, at);
});

const failsOnce = flow("failsOnce", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.run(nothing, at);
  if (ctx.attempt === 1) throw new Error("Continue me");
});

const millrace = await connect({ servers: process.argv[2] });
const worker = await serve([noop, steps, failsOnce], {
  connection: millrace,
  concurrency: 200,
  log: pino({ level: "warn" }),
});

const ANSWERS = {
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
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
