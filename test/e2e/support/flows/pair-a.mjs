import { task } from "../../../../dist/index.js";
import { effect } from "../effects.mjs";

export const definitions = [
  task("a", { queue: "shared" }, (input, info) => {
    effect(info);
    return `a of ${input}`;
  }),
];
