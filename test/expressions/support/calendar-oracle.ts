import fc from "fast-check";

/** A cron expression as sets of what matches, made together with its text and not from it. */
export interface OracleCron {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  /** Nothing for `*`. */
  readonly days: ReadonlySet<number> | undefined;
  readonly months: ReadonlySet<number> | undefined;
  readonly weekdays: ReadonlySet<number> | undefined;
  /** No `*` and no step in minutes and hours: it keeps to the clock on the wall. */
  readonly isListed: boolean;
}

/**
 * Every due time from `from` on and before `to`, found by looking at each minute in between through `Intl`, which knows nothing
 * of cron.
 */
export function oracleTimes(
  cron: OracleCron,
  timeZone: string,
  from: number,
  to: number,
): readonly number[] {
  const found: number[] = [];
  const seen = new Set<string>();
  // Some hours earlier, so that what comes the second time is known as such.
  const first = Math.ceil((from - LOOK_BACK_MS) / MINUTE_MS) * MINUTE_MS;
  let before = wallAt(first - MINUTE_MS, timeZone);
  for (let time = first; time < to; time += MINUTE_MS) {
    const wall = wallAt(time, timeZone);
    const isDue = matches(cron, wall);
    const fires = cron.isListed
      ? (isDue && !seen.has(textOf(wall))) ||
        skipped(before, wall).some((one) => matches(cron, one))
      : isDue;
    if (isDue) seen.add(textOf(wall));
    if (fires && time >= from) found.push(time);
    before = wall;
  }
  return found;
}

/** Random expressions: lists, ranges, steps and stars, dense enough that three days have some due times. */
export const anyCron: fc.Arbitrary<OracleCron> = fc
  .record({
    minute: anyField(0, 59),
    hour: anyField(0, 23),
    day: fc.oneof({ weight: 4, arbitrary: star(1, 31) }, anyField(1, 31)),
    month: fc.oneof({ weight: 4, arbitrary: star(1, 12) }, anyField(1, 12)),
    weekday: fc.oneof({ weight: 3, arbitrary: star(0, 6) }, anyField(0, 6)),
  })
  .map(({ minute, hour, day, month, weekday }) => ({
    text: [minute, hour, day, month, weekday].map(({ text }) => text).join(" "),
    minutes: minute.values,
    hours: hour.values,
    days: day.isStar ? undefined : day.values,
    months: month.isStar ? undefined : month.values,
    weekdays: weekday.isStar ? undefined : weekday.values,
    isListed: minute.isListed && hour.isListed,
  }));

interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
  readonly isStar: boolean;
  readonly isListed: boolean;
}

function star(low: number, high: number): fc.Arbitrary<Field> {
  return fc.constant({ text: "*", values: range(low, high, 1), isStar: true, isListed: false });
}

function anyField(low: number, high: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: low, max: high });
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((values) => ({
    text: values.join(","),
    values: new Set(values),
    isStar: false,
    isListed: true,
  }));
  const pair = fc
    .tuple(value, value)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
  const span = pair.map(([from, to]) => ({
    text: `${from}-${to}`,
    values: range(from, to, 1),
    isStar: false,
    isListed: true,
  }));
  const step = fc.integer({ min: 2, max: Math.min(20, high - low) });
  const steps = step.map((by) => ({
    text: `*/${by}`,
    values: range(low, high, by),
    isStar: false,
    isListed: false,
  }));
  const spanSteps = fc.tuple(pair, step).map(([[from, to], by]) => ({
    text: `${from}-${to}/${by}`,
    values: range(from, to, by),
    isStar: false,
    isListed: false,
  }));
  return fc.oneof(star(low, high), list, list, span, steps, spanSteps);
}

function range(from: number, to: number, by: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (let value = from; value <= to; value += by) values.add(value);
  return values;
}

/** What a clock on the wall shows. */
interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** `Intl` takes some microseconds for each minute: the same windows are looked at many times. */
const walls = new Map<string, Wall>();

function wallAt(time: number, timeZone: string): Wall {
  const key = `${time} ${timeZone}`;
  const known = walls.get(key);
  if (known !== undefined) return known;
  const wall = formatted(time, timeZone);
  if (walls.size < MAX_WALLS) walls.set(key, wall);
  return wall;
}

function formatted(time: number, timeZone: string): Wall {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const of = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? Number.NaN;
  return {
    year: of("year"),
    month: of("month"),
    day: of("day"),
    hour: of("hour"),
    minute: of("minute"),
  };
}

/** The times that the wall's clock left out between two minutes, of the day that it went to. */
function skipped(before: Wall, now: Wall): readonly Wall[] {
  const left: Wall[] = [];
  for (let time = plain(before) + MINUTE_MS; time < plain(now); time += MINUTE_MS) {
    const date = new Date(time);
    const wall = {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
    };
    if (wall.day === now.day) left.push(wall);
  }
  return left;
}

function matches(cron: OracleCron, { year, month, day, hour, minute }: Wall): boolean {
  if (!cron.minutes.has(minute) || !cron.hours.has(hour)) return false;
  if (cron.months !== undefined && !cron.months.has(month)) return false;
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const { days, weekdays } = cron;
  if (days === undefined) return weekdays === undefined || weekdays.has(weekday);
  if (weekdays === undefined) return days.has(day);
  return days.has(day) || weekdays.has(weekday);
}

function plain({ year, month, day, hour, minute }: Wall): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function textOf(wall: Wall): string {
  return String(plain(wall));
}

const MINUTE_MS = 60_000;
const MAX_WALLS = 200_000;
const LOOK_BACK_MS = 4 * 3_600_000;
