import type { RunEvent } from "../engine/run-event.ts";
import type { TimelineMark } from "./timeline-row.ts";

/** The moments of a run that are worth a sign, in the order in which they are recorded. */
export function timelineMarks(events: readonly RunEvent[]): readonly TimelineMark[] {
  const marks: TimelineMark[] = [];
  let worker = "";
  for (const event of events) {
    const mark = markOf(event, worker);
    if (mark !== undefined) marks.push({ ...mark, at: event.at });
    if (event.type === "Activated") worker = event.worker;
  }
  return marks;
}

function markOf(event: RunEvent, before: string): Omit<TimelineMark, "at"> | undefined {
  switch (event.type) {
    case "Activated":
      return event.reason === "takeover"
        ? { kind: "take-over", text: `${before} was lost, ${event.worker} took over` }
        : undefined;
    case "InputFolded":
      return event.kind === "signal" ? { kind: "signal", text: `signal ${event.name}` } : undefined;
    case "CancelRequested":
      return { kind: "cancel", text: `to be cancelled (${event.by}): ${event.reason}` };
    case "Crashed":
      return { kind: "take-over", text: `${before} was lost: ${event.crashes} workers died on it` };
    case "Parked":
      return { kind: "parked", text: `parked: ${event.reason}` };
    case "Resumed":
      return { kind: "resumed", text: "resumed by hand" };
    case "Forked":
      return { kind: "forked", text: `forked from ${event.origin}: what is before happened there` };
    case "Patched":
      return { kind: "patch", text: `patch ${event.patch}` };
    default:
      return undefined;
  }
}
