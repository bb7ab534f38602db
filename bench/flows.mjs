import { flow, signal, task } from "../dist/index.js";

/** What a run of `awaitsGo` waits for. */
export const go = signal("go");

const nothing = task("nothing", (input) => input);

const noop = flow("noop", () => undefined);

const steps = flow("steps", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.run(nothing, at);
});

const LARGE = "x".repeat(65_000);
const large = task("large", () => LARGE);

/** Each of its steps gives 64 KiB. */
const largeSteps = flow("largeSteps", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.run(large);
});

const failsOnce = flow("failsOnce", async (ctx, count) => {
  for (let at = 0; at < count; at++) await ctx.run(nothing, at);
  if (ctx.attempt === 1) throw new Error("Continue me");
});

const fanOut = flow("fanOut", (ctx, count) =>
  ctx.all(Array.from({ length: count }), async () => {
    const child = await ctx.submit(noop);
    await child.result();
  }),
);

const sleeper = flow("sleeper", (ctx, duration) => ctx.sleep(duration));

/** Gives the time at which it went on. */
const awaitsGo = flow("awaitsGo", async (ctx) => {
  await ctx.receive(go);
  return ctx.step("went on", () => exactNow());
});

/** Gives the time at which its first step ran. */
const stamped = flow("stamped", (ctx) => ctx.step("stamp", () => exactNow()));

/** A short step five times a second, without end. */
const ticks = flow("ticks", async (ctx) => {
  for (;;) {
    await ctx.step("tick", () => "tock");
    await ctx.sleep("200ms");
  }
});

/** A run that is taken over again and again. */
const takenOver = flow("takenOver", { crashes: { limit: 1_000_000 } }, (ctx) => ctx.receive(go));

/** Ten steps with a short sleep after each: gives by how many milliseconds it took longer than it slept. */
const naps = flow("naps", async (ctx) => {
  const began = await ctx.step("begin", () => exactNow());
  for (let at = 0; at < 10; at++) await ctx.sleep(NAP_MS);
  return ctx.step("end", () => exactNow() - began - 10 * NAP_MS);
});

export const FLOWS = [
  noop,
  steps,
  largeSteps,
  failsOnce,
  fanOut,
  sleeper,
  awaitsGo,
  stamped,
  ticks,
  takenOver,
  naps,
];

const NAP_MS = 100;

/** Milliseconds since 1970, with their fractions: the same in all processes of a machine. */
export function exactNow() {
  return performance.timeOrigin + performance.now();
}
