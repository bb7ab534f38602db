import {
  bytesOf,
  EMPTY_SHAPE,
  MAX_KEPT_BYTES,
  type Shape,
  type ShapeEvent,
  type ShapeState,
} from "./shape.ts";

/** Fires with all events when there are `size`, or `withinMs` after the first, or when there is no room for more. */
export function batch({ size, withinMs }: BatchOptions): Shape {
  const deadline = ({ kept }: ShapeState): number | undefined =>
    kept.length === 0 ? undefined : Math.min(...kept.map(({ at }) => at)) + withinMs;
  return {
    deadline,
    memoryMs: 0,
    fold: (state, event) => {
      const firings: (readonly ShapeEvent[])[] = [];
      let { kept } = state;
      const isOver = event.at >= (deadline(state) ?? Number.POSITIVE_INFINITY);
      const isFull = bytesOf(kept) + event.bytes > MAX_KEPT_BYTES;
      if (kept.length > 0 && (isOver || isFull)) {
        firings.push(kept);
        kept = [];
      }
      kept = [...kept, event];
      if (kept.length >= size) {
        firings.push(kept);
        kept = [];
      }
      return { state: { kept, marks: [] }, firings };
    },
    tick: (state, now) =>
      now >= (deadline(state) ?? Number.POSITIVE_INFINITY)
        ? { state: EMPTY_SHAPE, firings: [state.kept] }
        : { state, firings: [] },
  };
}

export interface BatchOptions {
  readonly size: number;
  readonly withinMs: number;
}
