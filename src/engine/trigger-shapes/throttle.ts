import type { EventPlace, Shape } from "./shape.ts";

/** Fires for at most `limit` events in any `perMs`, and passes over the others. */
export function throttle({ limit, perMs }: ThrottleOptions): Shape {
  return {
    deadline: () => undefined,
    memoryMs: perMs,
    fold: ({ marks }, event) => {
      const recent = marks.filter(({ at }) => at > event.at - perMs);
      if (recent.length >= limit) return { state: { kept: [], marks: recent }, firings: [] };
      return {
        state: { kept: [], marks: [...recent, { ...NOWHERE, at: event.at }] },
        firings: [[event]],
      };
    },
    tick: (state) => ({ state, firings: [] }),
  };
}

export interface ThrottleOptions {
  readonly limit: number;
  readonly perMs: number;
}

/** Only the time counts, and there may be thousands of them in a record. */
const NOWHERE: Omit<EventPlace, "at"> = Object.freeze({ id: "", stream: "", sequence: 0 });
