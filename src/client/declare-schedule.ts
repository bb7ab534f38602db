import type { ScheduleRecord, ScheduleSpec } from "../engine/schedule-spec.ts";
import { nextAfter } from "../expressions/cron.ts";
import type { ClientHost } from "./client-host.ts";
import { changeSchedule } from "./schedule-records.ts";

/**
 * Puts a schedule: makes it, or changes its spec. One that is paused stays so. What was missed is caught up with all the same
 * unless its times have changed: then it begins anew, from `now`, by the broker's clock.
 */
export async function declareSchedule(
  host: ClientHost,
  spec: ScheduleSpec,
  from: ScheduleRecord["from"],
  now: number,
): Promise<ScheduleRecord> {
  const changed = await changeSchedule(host, spec.name, (before) => {
    if (before === undefined) return newRecord(spec, from, now);
    if (isSame(before.spec, spec)) return before.from === from ? before : { ...before, from };
    const keepsTimes = isSame(before.spec.timing, spec.timing);
    return {
      ...before,
      spec,
      from,
      version: before.version + 1,
      changedAt: now,
      nextAt: keepsTimes ? before.nextAt : firstAfter(spec, now),
    };
  });
  return changed ?? newRecord(spec, from, now);
}

function newRecord(spec: ScheduleSpec, from: ScheduleRecord["from"], now: number): ScheduleRecord {
  return {
    spec,
    version: 1,
    from,
    createdAt: now,
    changedAt: now,
    nextAt: firstAfter(spec, now),
  };
}

/** The first due time after `now`; the last time that a `Date` can hold when there is none any more. */
export function firstAfter({ timing }: ScheduleSpec, now: number): number {
  return nextAfter(timing, now) ?? LAST_TIME;
}

const LAST_TIME = 8_640_000_000_000_000;

/** As JSON, whatever the order of fields. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, field]) => [name, sorted(field)]);
}
