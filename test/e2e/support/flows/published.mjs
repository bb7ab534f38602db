import { flow, signal } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

const paid = signal("paid");

/** A schema that is a Standard Schema of nobody. */
const item = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value?.item === "string"
        ? { value }
        : { issues: [{ message: "give an item", path: ["item"] }] },
  },
};

const ship = flow("ship", { input: item }, async (ctx, input) => {
  await ctx.step("pack", (info) => effect(info, { item: input.item }));
  return input.item;
});

const invoice = flow("invoice", async (ctx) => ctx.receive(paid));

export const definitions = [ship, invoice];
