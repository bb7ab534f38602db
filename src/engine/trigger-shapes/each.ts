import type { Shape } from "./shape.ts";

/** Each event fires. */
export const each: Shape = Object.freeze({
  fold: (state, event) => ({ state, firings: [[event]] }),
  tick: (state) => ({ state, firings: [] }),
  deadline: () => undefined,
  memoryMs: 0,
} satisfies Shape);
