import { Cron } from "croner";
import { dateAt } from "../engine/moment.ts";
import type { ScheduleTiming } from "../engine/schedule-spec.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

/**
 * Gives the cron expression back if it has 5 fields, or 6 with seconds first, and fires at least once in that zone.
 *
 * Where the clocks change, as in Vixie's cron: a schedule whose seconds, minutes and hours are all listed keeps to the clock on
 * the wall. What falls into a gap fires once, right after it, if that is the same day; what comes twice fires the first time.
 * One with a `*` or a step in seconds, minutes or hours keeps to the time that passes: nothing is made up for a gap, and an hour
 * that comes twice is two hours.
 * @throws {@link InvalidOptionError}
 */
export function checkCron(cron: string, timeZone: string): void {
  checkTimeZone(timeZone);
  const fields = typeof cron === "string" ? cron.trim().split(/\s+/) : [];
  if (typeof cron !== "string" || cron.length > MAX_LENGTH) {
    throw new InvalidOptionError("cron", cron, `use text of at most ${MAX_LENGTH} characters`);
  }
  const isNickname = /^@[a-z]+$/i.test(cron.trim());
  if (!isNickname && fields.length !== 5 && fields.length !== 6) {
    throw new InvalidOptionError(
      "cron",
      cron,
      `it has ${cron.trim() === "" ? 0 : fields.length} fields: use 5 (minute hour day month weekday), or 6 with seconds first`,
    );
  }
  // Without a year field, what does not come in this century and the next never comes. The search itself ends by year 10000.
  if (nextOf(cron, timeZone, SINCE) === undefined) {
    throw new InvalidOptionError("cron", cron, "no such day ever comes");
  }
}

/** @throws {@link InvalidOptionError} for what is no name of the IANA time zone database. */
export function checkTimeZone(timeZone: string): void {
  try {
    // An offset such as +02:00 has no rules for summer: only names are taken.
    if (typeof timeZone === "string" && /^[A-Za-z]/.test(timeZone)) {
      if (new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "") return;
    }
  } catch {
    // Told below.
  }
  throw new InvalidOptionError(
    "timeZone",
    timeZone,
    "use a name of the IANA time zone database such as Europe/Berlin or UTC",
  );
}

/** The first due time after `time`, in milliseconds since 1970. Nothing when there is none before the year 10000. */
export function nextAfter(timing: ScheduleTiming, time: number): number | undefined {
  if (timing.kind === "cron") return nextOf(timing.cron, timing.timeZone, time);
  const { everyMs, from } = timing;
  if (time < from) return from;
  return from + (Math.floor((time - from) / everyMs) + 1) * everyMs;
}

/** The first due times from `from` on and before `to`, at most `limit` of them. */
export function between(
  timing: ScheduleTiming,
  from: number,
  to: number,
  limit: number,
): readonly number[] {
  const found: number[] = [];
  let next = nextAfter(timing, from - 1);
  while (next !== undefined && next < to && found.length < limit) {
    found.push(next);
    next = nextAfter(timing, next);
  }
  return found;
}

/** The last due times up to and with `time`, at most `count` of them, the earliest first. */
export function latestUpTo(timing: ScheduleTiming, time: number, count: number): readonly number[] {
  if (timing.kind === "cron") {
    const { cron, timeZone } = timing;
    // Before this whole second: the one that `time` is in belongs to it.
    const before = dateAt(Math.floor(time / 1_000) * 1_000 + 1_000);
    return parse(cron, timeZone)
      .previousRuns(count, before)
      .map((date) => date.getTime())
      .toReversed();
  }
  const { everyMs, from } = timing;
  if (time < from) return [];
  const index = Math.floor((time - from) / everyMs);
  const first = Math.max(0, index - count + 1);
  return Array.from({ length: index - first + 1 }, (_, at) => from + (first + at) * everyMs);
}

const MAX_LENGTH = 256;
/** The start of 2000. */
const SINCE = 946_684_800_000;

function nextOf(cron: string, timeZone: string, time: number): number | undefined {
  // Whole seconds: what is left of one is cut off, so a time before 1970 is none.
  return parse(cron, timeZone)
    .nextRun(dateAt(Math.floor(time / 1_000) * 1_000))
    ?.getTime();
}

/** Cheap: the calendar is what costs, some 60 µs for each due time. */
function parse(cron: string, timeZone: string): Cron {
  try {
    return new Cron(cron, {
      timezone: timeZone,
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
      paused: true,
    });
  } catch (error) {
    throw new InvalidOptionError("cron", cron, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^CronPattern: /, "").replace(/\.$/, "");
}
