import type { RunEvent } from "./run-event.ts";

/**
 * The events that a replay shows to the flow. A run that was resumed by hand gets a new try at the steps which
 * `Resumed` names: their recorded failures before it no longer count. The history itself stays as it is.
 */
export function replayable(events: readonly RunEvent[]): readonly RunEvent[] {
  const voided = new Map<string, number>();
  for (const [at, event] of events.entries()) {
    if (event.type === "Resumed") for (const step of event.retry) voided.set(step, at);
  }
  if (voided.size === 0) return events;
  return events.filter((event, at) => {
    if (event.type !== "StepFailed" && event.type !== "StepAttemptFailed") return true;
    const until = voided.get(event.step);
    return until === undefined || at > until;
  });
}
