import {
  EMPTY_SHAPE,
  type Shape,
  type ShapeEvent,
  type ShapeState,
  type ShapeStep,
} from "./shape.ts";

/**
 * What is durable of a trigger for one correlation key. A firing is decided by a write of this record, carried out afterwards, and
 * cleared by a later write: carried out twice it is one run all the same, for its key is made of the events.
 */
export interface TriggerState {
  /** What events have in common, as text. */
  readonly key: string;
  readonly shape: ShapeState;
  /** The ids of the last {@link MAX_RECENT} events that were folded. */
  readonly recent: readonly string[];
  /** Firings that are decided, and may not be carried out yet. Each is the events that it fires with. */
  readonly outbox: readonly (readonly ShapeEvent[])[];
}

/**
 * Events of one key whose repetition is recognised: more than can be in a holder's hands at once, so whatever is delivered
 * again after a crash is folded once.
 */
export const MAX_RECENT = 1_024;

export function emptyState(key: string): TriggerState {
  return { key, shape: EMPTY_SHAPE, recent: [], outbox: [] };
}

/** Folds an event, once. Gives the same object when nothing is to be written. */
export function foldEvent(shape: Shape, state: TriggerState, event: ShapeEvent): TriggerState {
  if (state.recent.includes(event.id)) return state;
  const step = shape.fold(state.shape, event);
  if (step.state === state.shape && step.firings.length === 0) return state;
  const recent = [...state.recent, event.id].slice(-MAX_RECENT);
  return { ...after(state, step), recent };
}

/** Lets time pass. Gives the same object when nothing is to be written. */
export function foldTime(shape: Shape, state: TriggerState, now: number): TriggerState {
  const step = shape.tick(state.shape, now);
  return step.state === state.shape && step.firings.length === 0 ? state : after(state, step);
}

/** Without the firings that were carried out: the first ones. */
export function clearFired(state: TriggerState, count: number): TriggerState {
  return { ...state, outbox: state.outbox.slice(count) };
}

function after(state: TriggerState, { state: shape, firings }: ShapeStep): TriggerState {
  return { ...state, shape, outbox: [...state.outbox, ...firings] };
}
