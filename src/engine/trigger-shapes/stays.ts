import { EMPTY_SHAPE, follows, placeOf, type Shape, type ShapeState } from "./shape.ts";

/**
 * Fires with the event by which a run came into a state, when it is still there `longerThanMs` later. The key is the run, and
 * all events of the run are folded: `isOn` says that it came into one of the states.
 */
export function stays({ longerThanMs }: StaysOptions): Shape {
  // From when it came there, which may be before the event of it was stored.
  const deadline = ({ kept: [entered] }: ShapeState): number | undefined =>
    entered === undefined ? undefined : (entered.since ?? entered.at) + longerThanMs;
  return {
    deadline,
    memoryMs: 0,
    fold: (state, event) => {
      const { kept, marks } = state;
      const [last] = marks;
      const isOld = last !== undefined && !follows(event, last);
      // Most events of most runs: nothing is written for them.
      if (isOld || (kept.length === 0 && !event.isOn)) return { state, firings: [] };
      return {
        state: { kept: event.isOn ? [event] : [], marks: [placeOf(event)] },
        firings: [],
      };
    },
    tick: (state, now) =>
      now >= (deadline(state) ?? Number.POSITIVE_INFINITY)
        ? { state: { ...EMPTY_SHAPE, marks: state.marks }, firings: [state.kept] }
        : { state, firings: [] },
  };
}

export interface StaysOptions {
  readonly longerThanMs: number;
}
