import type { CloudEvent } from "../cloud-event.ts";

/**
 * How events become firings, for the events of one correlation key: pure, so that a crash between two writes repeats a decision
 * and never changes it. Times are those at which the broker stored events, whoever reads them and whenever.
 */
export interface Shape {
  /** Takes in an event. Gives the same state object when there is nothing to remember of it. */
  fold(state: ShapeState, event: ShapeEvent): ShapeStep;
  /** Lets time pass: all events that were stored before `now` were folded. */
  tick(state: ShapeState, now: number): ShapeStep;
  /** When `tick` has something to do, in milliseconds since 1970. */
  deadline(state: ShapeState): number | undefined;
  /** How long after the last event a state that waits for nothing still matters, in milliseconds. */
  readonly memoryMs: number;
}

/** What a shape remembers of one key. Plain JSON. */
export interface ShapeState {
  /** Events that it may still fire with. */
  readonly kept: readonly ShapeEvent[];
  /** Events of which only the place matters. */
  readonly marks: readonly EventPlace[];
}

/** Where an event stands among others. */
export interface EventPlace {
  /** Made of the event's source and id: two messages with the same one are one event. */
  readonly id: string;
  /** When the broker stored it, in milliseconds since 1970. */
  readonly at: number;
  readonly stream: string;
  readonly sequence: number;
}

/** An event for a shape: of the trigger's own source, of the one that the shape names, or of both. */
export interface ShapeEvent extends EventPlace {
  readonly isOn: boolean;
  readonly isOther: boolean;
  /** When it happened, as it says itself, in milliseconds since 1970: not after `at`, which is the default. */
  readonly since?: number;
  /** How much of a record it takes. */
  readonly bytes: number;
  readonly event: CloudEvent;
}

export interface ShapeStep {
  readonly state: ShapeState;
  /** Each is the events that it fires with. */
  readonly firings: readonly (readonly ShapeEvent[])[];
}

export const EMPTY_SHAPE: ShapeState = Object.freeze({ kept: [], marks: [] });

/** Most bytes of events that are kept for one key: with what is about to be fired it fits into a control record. */
export const MAX_KEPT_BYTES = 262_144;
/** Most events that wait for a counterpart, and places that are remembered, for one key. */
export const MAX_WAITING = 64;

export function placeOf({ id, at, stream, sequence }: EventPlace): EventPlace {
  return { id, at, stream, sequence };
}

/** True when one event came after another: by their order in a stream they share, by time otherwise. */
export function follows(later: EventPlace, earlier: EventPlace): boolean {
  if (later.stream === earlier.stream) return later.sequence > earlier.sequence;
  return later.id !== earlier.id && later.at >= earlier.at;
}

export function byTime(one: EventPlace, other: EventPlace): number {
  return one.at - other.at;
}

export function bytesOf(events: readonly ShapeEvent[]): number {
  return events.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Where there is no room for all, the oldest stay without their data. */
export function withinBytes(events: readonly ShapeEvent[]): readonly ShapeEvent[] {
  let over = bytesOf(events) - MAX_KEPT_BYTES;
  return events.map((kept) => {
    if (over <= 0 || kept.event.data === null) return kept;
    over -= kept.bytes - BARE_BYTES;
    return { ...kept, bytes: BARE_BYTES, event: { ...kept.event, data: null } };
  });
}

/** About what an event takes without its data. */
const BARE_BYTES = 256;
