import { type EventAddress, type EventPlace, formatEventAddress } from "../engine/event-address.ts";
import { EventNotFoundError } from "../engine/event-not-found-error.ts";
import type { RecordedFrame } from "../engine/frame.ts";
import { nearestName } from "../engine/nearest-name.ts";
import type { RunEvent } from "../engine/run-event.ts";

/**
 * What an address names: one event, a frame, or all that is recorded of a step. Whoever looks at a moment means `last`; whoever
 * begins there again means `first`, and what is before it.
 */
export interface AddressedEvents {
  readonly first: EventPlace;
  readonly last: EventPlace;
}

/** An event with its place. */
export interface PlacedEvent {
  readonly place: EventPlace;
  readonly event: RunEvent;
}

/** Before the first event of a run. */
export const BEFORE_ALL: EventPlace = Object.freeze({ event: 0, sequence: 0, inFrame: 0 });

/** The events of a run with their places, in order. */
export function placedEvents(frames: readonly RecordedFrame[]): readonly PlacedEvent[] {
  let number = 0;
  return frames.flatMap(({ sequence, events }) =>
    events.map((event, inFrame) => ({ place: { event: ++number, sequence, inFrame }, event })),
  );
}

/** @throws {@link EventNotFoundError} when the run has no such event. */
export function resolveAddress(
  frames: readonly RecordedFrame[],
  address: EventAddress,
): AddressedEvents {
  const events = placedEvents(frames);
  const found = "step" in address ? aboutStep(events, address.step) : atPlace(events, address);
  if (found !== undefined) return found;
  const hint = "step" in address ? nearestOf(events, address.step) : undefined;
  throw new EventNotFoundError(formatEventAddress(address), events.length, hint);
}

/** The id of the step, timer or child that an event is about; nothing for one that is about the run. */
export function commandOf(event: RunEvent): string | undefined {
  switch (event.type) {
    case "StepStarted":
    case "StepAttemptFailed":
    case "StepCompleted":
    case "StepFailed":
      return event.step;
    case "TimerSet":
    case "TimerFired":
      return event.timer;
    case "ChildSubmitted":
      return event.child;
    default:
      return undefined;
  }
}

function atPlace(
  events: readonly PlacedEvent[],
  address: Exclude<EventAddress, { readonly step: string }>,
): AddressedEvents | undefined {
  if ("event" in address) {
    const place = address.event === 0 ? BEFORE_ALL : events[address.event - 1]?.place;
    return place === undefined ? undefined : { first: place, last: place };
  }
  const last = events.findLast(({ place }) => place.sequence <= address.sequence)?.place;
  if (last === undefined) return { first: BEFORE_ALL, last: BEFORE_ALL };
  const first = events.find(({ place }) => place.sequence === last.sequence)?.place ?? last;
  return { first, last };
}

function aboutStep(events: readonly PlacedEvent[], step: string): AddressedEvents | undefined {
  const ids = new Set([step, `${step}#1`]);
  const about = events.filter(({ event }) => ids.has(commandOf(event) ?? ""));
  const [first, last] = [about[0], about.at(-1)];
  return first === undefined || last === undefined
    ? undefined
    : { first: first.place, last: last.place };
}

function nearestOf(events: readonly PlacedEvent[], step: string): string | undefined {
  const known = new Set(events.flatMap(({ event }) => commandOf(event) ?? []));
  return nearestName(step, [...known, ...[...known].map((id) => id.replace(/#\d+$/, ""))]);
}
