import { EMPTY_SHAPE, placeOf, type Shape, type ShapeEvent, type ShapeState } from "./shape.ts";

/** Fires with the last event of a burst: when it has been quiet for a while, or so long after the first. */
export function debounce({ quietMs, maxWaitMs }: DebounceOptions): Shape {
  // What another shape of this trigger left behind has no mark.
  const deadline = ({ kept: [last], marks: [first = last] }: ShapeState): number | undefined => {
    if (last === undefined || first === undefined) return undefined;
    return Math.min(last.at + quietMs, first.at + (maxWaitMs ?? Number.POSITIVE_INFINITY));
  };
  return {
    deadline,
    memoryMs: 0,
    fold: (state, event) => {
      const { kept } = state;
      const [last] = kept;
      const marks = state.marks.length > 0 ? state.marks : kept.slice(0, 1).map(placeOf);
      if (last === undefined) return { state: begin(event), firings: [] };
      // The burst is over by the time at which this one was stored, though nobody was there to see it.
      const isOver = event.at >= (deadline(state) ?? Number.POSITIVE_INFINITY);
      if (isOver) return { state: begin(event), firings: [kept] };
      const isLast = event.at >= last.at;
      return { state: { kept: isLast ? [event] : kept, marks }, firings: [] };
    },
    tick: (state, now) =>
      now >= (deadline(state) ?? Number.POSITIVE_INFINITY)
        ? { state: EMPTY_SHAPE, firings: [state.kept] }
        : { state, firings: [] },
  };
}

export interface DebounceOptions {
  readonly quietMs: number;
  readonly maxWaitMs?: number;
}

function begin(event: ShapeEvent): ShapeState {
  return { kept: [event], marks: [placeOf(event)] };
}
