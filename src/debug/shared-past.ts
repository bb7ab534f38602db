import type { RunEvent } from "../engine/run-event.ts";
import type { RecordedRun } from "../history/recorded-run.ts";

/** Events that two runs have in common because at least one of them was forked: a copy, not a coincidence. */
export interface SharedPast {
  /** The run that it happened in. */
  readonly origin: string;
  /** How many events, from the first on. */
  readonly events: number;
}

/** The past that two runs share, if one is a fork of the other or both are of a third. */
export function sharedPast(a: RecordedRun, b: RecordedRun): SharedPast | undefined {
  const [ownersA, ownersB] = [ownersOf(a), ownersOf(b)];
  let events = 0;
  while (ownersA[events] !== undefined && ownersA[events] === ownersB[events]) events++;
  const origin = ownersA[0];
  // One run beside itself shares everything, and nothing was copied.
  const isCopy = a.submission.runId !== b.submission.runId;
  return events === 0 || origin === undefined || !isCopy ? undefined : { origin, events };
}

/** In whose life each event happened: what stands before a `Forked` is its origin's. */
function ownersOf({ submission, frames }: RecordedRun): readonly string[] {
  const events: readonly RunEvent[] = frames.flatMap((frame) => frame.events);
  const owners: string[] = [];
  let owner = submission.runId as string;
  for (const event of events.toReversed()) {
    owners.push(owner);
    if (event.type === "Forked") owner = event.origin;
  }
  return owners.toReversed();
}
