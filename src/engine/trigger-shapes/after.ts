import { byTime, EMPTY_SHAPE, type Shape, withinBytes } from "./shape.ts";

/** Fires with the last `count` events when so many came within `withinMs` of each other, then begins anew. */
export function after({ count, withinMs }: AfterOptions): Shape {
  return {
    memoryMs: 0,
    // Nothing fires then: what is kept is forgotten.
    deadline: ({ kept }) => {
      const newest = kept.at(-1);
      return newest === undefined ? undefined : newest.at + withinMs + 1;
    },
    fold: ({ kept }, event) => {
      const sorted = [...kept, event].toSorted(byTime);
      const newest = sorted.at(-1)?.at ?? event.at;
      const recent = sorted.filter(({ at }) => at >= newest - withinMs);
      if (recent.length >= count) return { state: EMPTY_SHAPE, firings: [recent.slice(-count)] };
      return { state: { kept: withinBytes(recent), marks: [] }, firings: [] };
    },
    tick: (state, now) => {
      const kept = state.kept.filter(({ at }) => at >= now - withinMs);
      const isSame = kept.length === state.kept.length;
      return { state: isSame ? state : { kept, marks: [] }, firings: [] };
    },
  };
}

export interface AfterOptions {
  readonly count: number;
  readonly withinMs: number;
}
