import { flow } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

const MEGABYTE = 1_048_576;

/** What a step may give back and throw, and no message can hold. */
const outputs = {
  huge: () => "x".repeat(2 * MEGABYTE),
  function: () => ({ call: () => 1 }),
  instance: () => ({ at: new AbortController() }),
  rich: () => ({ at: new Date(0), set: new Set([1n, undefined]), bytes: new Uint8Array([1, 2]) }),
  "huge error": () => {
    throw Object.assign(new Error("x".repeat(2 * MEGABYTE)), { data: "y".repeat(2 * MEGABYTE) });
  },
  "thrown nothing": () => {
    throw undefined;
  },
  "thrown cycle": () => {
    const error = new Error("round and round");
    error.cause = error;
    throw error;
  },
};

/** Where the value comes out: of a step, or of the flow itself. */
const values = flow("values", async (ctx, { of, what }) => {
  if (of === "flow") return outputs[what]();
  return ctx.step("give", (info) => {
    effect(info);
    return outputs[what]();
  });
});

export const definitions = [values];
