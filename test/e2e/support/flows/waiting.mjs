import { flow, signal } from "../../../../dist/index.js";
import { effect, gate, note } from "../effects.mjs";

const go = signal("go");

/** Sleeps between two steps. */
const sleeper = flow("sleeper", async (ctx, ms) => {
  await ctx.step("before", (info) => effect(info));
  await ctx.sleep(ms);
  await ctx.step("after", (info) => effect(info));
});

/** Receives so many signals, and gives what they brought. */
const listener = flow("listener", async (ctx, count) => {
  const heard = [];
  while (heard.length < count) heard.push(await ctx.receive(go));
  return heard;
});

/** Waits, and cleans up in two steps with a gate in the second. */
const cleaner = flow("cleaner", async (ctx) => {
  try {
    await ctx.receive(go);
  } finally {
    await ctx.step("one", (info) => effect(info));
    await ctx.step("two", async (info) => {
      effect(info);
      await gate("clean", info.signal);
    });
  }
});

/** Hangs in a step until its signal aborts; notes that and why. */
const hanging = flow("hanging", async (ctx) => {
  await ctx.step("hang", async (info) => {
    effect(info);
    info.signal.addEventListener("abort", () =>
      note({ run: info.runId, aborted: info.step, because: info.signal.reason.code }),
    );
    await gate("never", info.signal);
  });
});

/** Tells of itself, then waits. */
const teller = flow("teller", async (ctx) => {
  ctx.progress(1, 3, "begun");
  ctx.tag("colour:red");
  ctx.expose("seen", { pages: 7 });
  const isNew = ctx.patch("greeting");
  await ctx.step("told", (info) => effect(info));
  await ctx.receive(go);
  ctx.progress(3, 3, "done");
  return isNew;
});

/** Submits children that wait, under keys of their own if it is told to, and waits for them. */
const parent = flow("parent", async (ctx, { count = 1, child = "listener", input = 1 } = {}) => {
  const runs = [];
  for (let at = 0; at < count; at++) runs.push(await ctx.submit(child, input));
  return Promise.all(runs.map((run) => run.result()));
});

export const definitions = [sleeper, listener, cleaner, hanging, teller, parent];
