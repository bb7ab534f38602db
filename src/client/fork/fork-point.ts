import { parseEventAddress } from "../../engine/event-address.ts";
import { RunNotForkableError } from "../../engine/fork-errors.ts";
import { isClosed } from "../../engine/frame.ts";
import type { Payload } from "../../engine/payload.ts";
import type { RunEvent } from "../../engine/run-event.ts";
import { outcomeOf } from "../../engine/run-outcome.ts";
import { InvalidOptionError } from "../../engine/usage-errors.ts";
import type { RecordedRun } from "../../history/recorded-run.ts";
import { placedEvents, resolveAddress } from "../../history/resolve-address.ts";

/** Where one run is forked, and what its fork begins with. */
export interface ForkPoint {
  /** The number of the last event that is copied, and the stream sequence of its frame; 0 for the start. */
  readonly event: number;
  readonly sequence: number;
  /** The activation that recorded it. */
  readonly epoch: number;
  /** What is copied, with the outcomes that are set. */
  readonly events: readonly RunEvent[];
}

/** The outcomes that are set, by the step as the caller names it. */
export type SetOutcomes = ReadonlyMap<string, Payload>;

/**
 * Cuts a run's history: pure. What closed the run is never copied, unless somebody continued it by hand before the point.
 * @throws {@link EventNotFoundError}, {@link InvalidOptionError}, {@link RunNotForkableError}
 */
export function forkPoint(
  run: RecordedRun,
  from: string | number | undefined,
  set: SetOutcomes,
): ForkPoint {
  const { frames, submission } = run;
  const placed = placedEvents(frames);
  const all = placed.map(({ event }) => event);
  const steps = new Map([...set].map(([name, output]) => [stepNamed(all, name), output]));
  const { count, again } = cutAt(run, all, from, steps);
  const last = placed[count - 1]?.place;
  if (last === undefined) {
    if (set.size === 0) return { event: 0, sequence: 0, epoch: 0, events: [] };
    throw new InvalidOptionError("set", [...set.keys()].join(), "nothing is before the start");
  }
  const copied = withOutcomes(all.slice(0, count), steps, again);
  if (copied.some(({ type }) => type === "Unknown")) {
    throw new RunNotForkableError(submission.runId, "a newer Millrace wrote some of its history.");
  }
  const { sequence } = last;
  const epoch = frames.find((frame) => frame.sequence === sequence)?.epoch ?? 1;
  return { event: count, sequence, epoch, events: withoutEnds(copied) };
}

interface Cut {
  /** How many events are before the point. */
  readonly count: number;
  /** The step that the point is right before. */
  readonly again: string | undefined;
}

function cutAt(
  { frames }: RecordedRun,
  all: readonly RunEvent[],
  from: string | number | undefined,
  set: ReadonlyMap<string, Payload>,
): Cut {
  if (from === undefined) {
    const ends = [...set.keys()].map((step) => 1 + lastOf(all, step));
    return { count: Math.max(0, ...ends), again: undefined };
  }
  const address = typeof from === "number" ? { event: from } : parseEventAddress(from);
  const { first, last } = resolveAddress(frames, address);
  if (!("step" in address)) return { count: last.event, again: undefined };
  const event = all[first.event - 1];
  return { count: first.event - 1, again: event === undefined ? undefined : stepOf(event) };
}

/** The place of a step's last outcome, or of the last that is known of it. */
function lastOf(all: readonly RunEvent[], step: string): number {
  const outcome = all.findLastIndex((event) => isOutcomeOf(event, step));
  return outcome === -1 ? all.findLastIndex((event) => stepOf(event) === step) : outcome;
}

function stepNamed(all: readonly RunEvent[], name: string): string {
  const step = [name, `${name}#1`].find((id) => all.some((event) => stepOf(event) === id));
  if (step !== undefined) return step;
  throw new InvalidOptionError("set", name, "the run has no such step");
}

function stepOf(event: RunEvent): string | undefined {
  return "attempt" in event ? event.step : undefined;
}

function isOutcomeOf(event: RunEvent, step: string): boolean {
  const isOutcome = event.type === "StepCompleted" || event.type === "StepFailed";
  return isOutcome && event.step === step;
}

function withOutcomes(
  events: readonly RunEvent[],
  set: ReadonlyMap<string, Payload>,
  again: string | undefined,
): readonly RunEvent[] {
  const changed = [...events];
  for (const [step, output] of set) {
    const place = changed.findLastIndex((event) => isOutcomeOf(event, step));
    const before = changed.findLast((event) => stepOf(event) === step);
    if (place === -1 && before === undefined && step !== again) {
      throw new InvalidOptionError("set", step, "it is not before the point");
    }
    const at = changed[place]?.at ?? changed.at(-1)?.at ?? 0;
    const attempt = before !== undefined && "attempt" in before ? before.attempt : 1;
    const startedAt = before !== undefined && "startedAt" in before ? before.startedAt : at;
    const completed: RunEvent = { type: "StepCompleted", at, step, attempt, startedAt, output };
    changed.splice(place === -1 ? changed.length : place, place === -1 ? 0 : 1, completed);
  }
  return changed;
}

/** An end is followed by `Resumed`, or it is the end: then the fork goes on from before it. */
function withoutEnds(events: readonly RunEvent[]): readonly RunEvent[] {
  const resumed = events.findLastIndex(({ type }) => type === "Resumed");
  return events.filter((event, at) => at < resumed || !isEnd(event));
}

function isEnd(event: RunEvent): boolean {
  const outcome = outcomeOf([event]);
  return outcome !== undefined && isClosed(outcome.status);
}
