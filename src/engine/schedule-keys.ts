import { dateAt } from "./moment.ts";
import type { ScheduleSpec } from "./schedule-spec.ts";

/** Metadata of a run that a schedule submitted: the schedule's name, and when it was due (RFC 3339). */
export const SCHEDULE_NAME = "millrace.schedule";
export const SCHEDULE_DUE = "millrace.due";

/** The key of the run of a due time: `nightly-20261123T021500Z`, with milliseconds where there are any. */
export function scheduledKey(schedule: string, dueAt: number): string {
  const iso = dateAt(dueAt).toISOString();
  const compact = iso.replaceAll(/[-:]/g, "").replace(".000Z", "Z").replace(".", "");
  return `${schedule}-${compact}`;
}

/** When a due time's run is submitted: later by a part of the jitter that is always the same for this due time. */
export function fireAt({ name, jitterMs }: ScheduleSpec, dueAt: number): number {
  return jitterMs === 0 ? dueAt : dueAt + (hashOf(`${name} ${dueAt}`) % (jitterMs + 1));
}

/** FNV-1a, finished as MurmurHash3 does: what begins the same is spread all the same. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
