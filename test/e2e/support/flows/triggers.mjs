import { flow, trigger } from "../../../../dist/index.js";
import { die, effect, note } from "../effects.mjs";

/** What the test is told that was acted upon: the run is the proof, its step only notes it. */
const acted = flow("acted", async (ctx, input) => {
  await ctx.step("act", (info) => effect(info, { input }));
  return input;
});

const sleeper = flow("sleeper", (ctx) => ctx.sleep("1h"));

/** Kills each worker that runs it, once it has started its children. */
const deadly = flow("deadly", { crashes: { limit: 0 } }, async (ctx, { children = 0 }) => {
  for (let child = 0; child < children; child++) await ctx.submit(sleeper, undefined);
  // What is stored after the children were sent says that they have left this process.
  await ctx.step("have children", () => children);
  await ctx.step("swallow", (info) => {
    note({ run: info.runId, deadly: true });
    die();
  });
});

const triggers = [
  trigger("each", { on: "tick", action: { submit: acted } }),
  trigger("batched", {
    on: "reading",
    batch: { by: "event.data.sensor", size: 7, within: "2s" },
    action: { submit: acted, input: "events.map(e, e.data.value)" },
  }),
  trigger("orders", {
    on: { subject: "shop.*.created" },
    action: { submit: acted, input: '{"subject": event.type, "data": event.data}' },
  }),
  trigger("again", {
    on: "run.crashed",
    when: { flow: deadly, tags: ["again"] },
    action: { resubmit: { times: 3 } },
  }),
  trigger("family", {
    on: "run.crashed",
    when: { flow: deadly, tags: ["family"] },
    action: { cancelChildren: "run.run" },
  }),
  trigger("tell-ops", {
    on: "run.crashed",
    when: { tags: ["origin:backend"] },
    action: { publish: "ops.crashed", data: '{"run": run.run, "because": run.status}' },
  }),
  trigger("ops", { on: { subject: "ops.*" }, action: { submit: acted } }),
];

export const definitions = [acted, sleeper, deadly, ...triggers];
