import { byTime, MAX_WAITING, type Shape, type ShapeEvent, withinBytes } from "./shape.ts";

/** Fires with one event of each source, in any order, within `withinMs` of each other. Each event fires once. */
export function both({ withinMs }: BothOptions): Shape {
  return {
    memoryMs: 0,
    // Nothing fires then: what found no counterpart is forgotten.
    deadline: ({ kept: [oldest] }) => (oldest === undefined ? undefined : oldest.at + withinMs + 1),
    fold: ({ kept }, event) => {
      const match = kept.find(
        (waiting) => isPair(waiting, event) && Math.abs(waiting.at - event.at) <= withinMs,
      );
      if (match === undefined) {
        const waiting = [...kept, event].toSorted(byTime).slice(-MAX_WAITING);
        return { state: { kept: withinBytes(waiting), marks: [] }, firings: [] };
      }
      const pair = match.isOn && event.isOther ? [match, event] : [event, match];
      return { state: { kept: kept.filter((one) => one !== match), marks: [] }, firings: [pair] };
    },
    tick: (state, now) => {
      const kept = state.kept.filter(({ at }) => at >= now - withinMs);
      const isSame = kept.length === state.kept.length;
      return { state: isSame ? state : { kept, marks: [] }, firings: [] };
    },
  };
}

export interface BothOptions {
  readonly withinMs: number;
}

function isPair(one: ShapeEvent, other: ShapeEvent): boolean {
  return (one.isOn && other.isOther) || (one.isOther && other.isOn);
}
