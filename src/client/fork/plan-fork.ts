import type { RunEvent } from "../../engine/run-event.ts";
import type { RecordedRun } from "../../history/recorded-run.ts";
import { commandOf } from "../../history/resolve-address.ts";
import type { ForkPlan } from "./fork-options.ts";
import type { ForkPoint } from "./fork-point.ts";

/** What a fork would be. */
export function planOf(
  { frames, submission }: RecordedRun,
  { event, events }: ForkPoint,
  fork: { readonly id: string | undefined; readonly sets: readonly string[] },
): ForkPlan {
  const all = frames.flatMap((frame) => frame.events);
  const kept = new Set(events.flatMap((one) => commandOf(one) ?? []));
  const rest = all.slice(event).flatMap((one) => commandOf(one) ?? []);
  return {
    origin: submission.runId,
    ...fork,
    event,
    events: all.length,
    keeps: [...new Set(events.flatMap((one) => (isOutcome(one) ? [one.step] : [])))],
    drops: [...new Set(rest)].filter((id) => !kept.has(id)),
    attaches: openChildren(events),
    signals: { copied: signalsIn(events), left: signalsIn(all) - signalsIn(events) },
  };
}

/** Runs whose end these events wait for: children that were submitted and are not known to have ended. */
export function openChildren(events: readonly RunEvent[]): readonly string[] {
  const open = new Set<string>();
  for (const event of events) {
    if (event.type === "ChildSubmitted") open.add(event.runId);
    else if (event.type === "InputFolded" && event.kind === "closed") open.delete(event.name);
  }
  return [...open];
}

function isOutcome(
  event: RunEvent,
): event is Extract<RunEvent, { type: "StepCompleted" | "StepFailed" }> {
  return event.type === "StepCompleted" || event.type === "StepFailed";
}

function signalsIn(events: readonly RunEvent[]): number {
  return events.filter((event) => event.type === "InputFolded" && event.kind === "signal").length;
}
