import { flow, trigger } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

const crashes = { limit: 50 };

/** What was published for it, by whoever. */
const taken = flow("taken", { crashes }, async (ctx, { order }) => {
  await ctx.step("take", (info) => effect(info, { order, from: "published" }));
  await ctx.emit("order.taken", { order });
  return order;
});

/** One for each way by which a trigger comes to act. */
const acts = ["subject", "emitted", "completed", "batched"].map((from) =>
  flow(`act-${from}`, { crashes }, async (ctx, orders) => {
    await ctx.step("act", (info) => {
      for (const order of orders) effect(info, { order, from });
    });
  }),
);

const submit = (from, input) => ({ submit: `act-${from}`, input });

export const definitions = [
  taken,
  ...acts,
  trigger("on-subject", {
    on: { subject: "chaos.*.created" },
    action: submit("subject", "[event.data.order]"),
  }),
  trigger("on-emitted", { on: "order.taken", action: submit("emitted", "[event.data.order]") }),
  trigger("on-completed", {
    on: "run.completed",
    when: { flow: "taken" },
    action: submit("completed", "[run.key]"),
  }),
  // A run of the flow that carries out what is no submission; the stream that holds the subject is the test's.
  trigger("publish-emitted", {
    on: "order.taken",
    action: { publish: "told.taken", data: "event.data.order" },
  }),
  trigger("on-batch", {
    on: "order.taken",
    batch: { size: 7, within: "2s" },
    action: submit("batched", "events.map(e, e.data.order)"),
  }),
];
