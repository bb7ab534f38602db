import {
  byTime,
  follows,
  MAX_WAITING,
  placeOf,
  type Shape,
  type ShapeEvent,
  type ShapeState,
  withinBytes,
} from "./shape.ts";

/**
 * Fires with an event that no expected one followed within `withinMs`. Events of the key meanwhile belong to the first. The two
 * kinds may come from different streams, so an expected one counts as well when it is read before the one that it follows.
 */
export function absent({ withinMs }: AbsentOptions): Shape {
  const meets = (expected: { at: number }, { at }: { at: number }): boolean =>
    expected.at <= at + withinMs;
  return {
    memoryMs: withinMs,
    deadline: ({ kept }) =>
      kept.length === 0 ? undefined : Math.min(...kept.map(({ at }) => at)) + withinMs + 1,
    fold: (state, event) => {
      const { kept, marks } = event.isOther ? answered(state, event, meets) : state;
      if (!event.isOn) return { state: { kept, marks }, firings: [] };
      const isCovered = kept.some(({ at }) => at <= event.at && event.at <= at + withinMs);
      const isAnswered = marks.some(
        (mark) => mark.id !== event.id && follows(mark, event) && meets(mark, event),
      );
      if (isCovered || isAnswered) return { state: { kept, marks }, firings: [] };
      const opened = [...kept, event].toSorted(byTime);
      // The oldest are over: this one began after them.
      const over = opened.slice(0, -MAX_WAITING).map((one) => [one]);
      return { state: { kept: withinBytes(opened.slice(-MAX_WAITING)), marks }, firings: over };
    },
    tick: (state, now) => {
      const isOver = ({ at }: ShapeEvent): boolean => now > at + withinMs;
      const firings = state.kept.filter(isOver).map((one) => [one]);
      if (firings.length === 0) return { state, firings };
      const kept = state.kept.filter((one) => !isOver(one));
      return { state: { kept, marks: state.marks }, firings };
    },
  };
}

export interface AbsentOptions {
  readonly withinMs: number;
}

function answered(
  { kept, marks }: ShapeState,
  event: ShapeEvent,
  meets: (expected: { at: number }, opened: { at: number }) => boolean,
): ShapeState {
  return {
    kept: kept.filter((opened) => !(follows(event, opened) && meets(event, opened))),
    marks: [...marks, placeOf(event)].toSorted(byTime).slice(-MAX_WAITING),
  };
}
