import { placeOf, type Shape } from "./shape.ts";

/** Fires for at most `limit` events in any `perMs`, and passes over the others. */
export function throttle({ limit, perMs }: ThrottleOptions): Shape {
  return {
    deadline: () => undefined,
    memoryMs: perMs,
    fold: ({ kept, marks }, event) => {
      const recent = marks.filter(({ at }) => at > event.at - perMs);
      if (recent.length >= limit) return { state: { kept, marks: recent }, firings: [] };
      return { state: { kept, marks: [...recent, placeOf(event)] }, firings: [[event]] };
    },
    tick: (state) => ({ state, firings: [] }),
  };
}

export interface ThrottleOptions {
  readonly limit: number;
  readonly perMs: number;
}
