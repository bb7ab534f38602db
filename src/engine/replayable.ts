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

/**
 * What was recorded between a failure that no longer counts and the resume that voided it. The flow may have asked for it
 * only because of that failure (it cleaned up, then let the failure through): a replay that does not ask for it passes
 * over it, and if the step fails again, it is done again.
 */
export function followUps(events: readonly RunEvent[]): ReadonlySet<RunEvent> {
  const found = new Set<RunEvent>();
  if (!events.some(({ type }) => type === "Resumed")) return found;
  for (const [at, event] of events.entries()) {
    if (event.type !== "StepFailed") continue;
    const end = events.findIndex(
      (later, place) => place > at && later.type === "Resumed" && later.retry.includes(event.step),
    );
    for (const between of events.slice(at + 1, Math.max(end, at))) {
      if (isProgress(between)) found.add(between);
    }
  }
  return found;
}

function isProgress({ type }: RunEvent): boolean {
  return type.startsWith("Step") || type.startsWith("Timer") || type === "ChildSubmitted";
}
