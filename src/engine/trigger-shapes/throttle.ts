import type { EventPlace, Shape } from "./shape.ts";

/** Fires for at most `limit` events in any `perMs`, and passes over the others. */
export function throttle({ limit, perMs }: ThrottleOptions): Shape {
  return {
    // It keeps none itself: another shape of the trigger may have left some behind.
    deadline: ({ kept: [left] }) => left?.at,
    memoryMs: perMs,
    fold: ({ marks }, event) => {
      const recent = marks.filter(({ at }) => at > event.at - perMs);
      if (recent.length >= limit) return { state: { kept: [], marks: recent }, firings: [] };
      return {
        state: { kept: [], marks: [...recent, { ...NOWHERE, at: event.at }] },
        firings: [[event]],
      };
    },
    tick: (state) => ({
      state: state.kept.length === 0 ? state : { kept: [], marks: state.marks },
      firings: [],
    }),
  };
}

export interface ThrottleOptions {
  readonly limit: number;
  readonly perMs: number;
}

/** Only the time counts, and there may be thousands of them in a record. */
const NOWHERE: Omit<EventPlace, "at"> = Object.freeze({ id: "", stream: "", sequence: 0 });
