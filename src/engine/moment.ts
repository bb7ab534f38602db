/** The calendar without a clock: the core may build a `Date`, and never asks for the present one. */

/** The `Date` of a time in milliseconds since 1970. */
export function dateAt(ms: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- Of a given time: this reads no clock.
  return new Date(ms);
}

function dateOf(iso: string): Date {
  // oxlint-disable-next-line no-restricted-globals -- Of a given time: this reads no clock.
  return new Date(iso);
}

/** A time as it was written: from its first millisecond to the one after its last. A day is 24 hours long, a minute 60 s. */
export interface WrittenTime {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads an ISO time: `2026-05`, `2026-05-04`, `2026-05-04T12:30`, with seconds and up to three decimals of them, and a zone (`Z`,
 * `+02:00`). UTC when it names no zone. Nothing when it is none, or no such day exists.
 */
export function readIsoTime(text: string): WrittenTime | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, month, day = "-01", time = "T00:00", second = ":00", fraction = ".", zone = "Z"] =
    ISO.exec(text) ?? [];
  const offset = zoneMinutes(zone);
  if (month === undefined || offset === undefined) return undefined;
  const whole = `${month}${day}${time}${second}${fraction.padEnd(4, "0")}Z`;
  const local = dateOf(whole);
  // A day that a month does not have would become one of the next month.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== whole) return undefined;
  const from = local.getTime() - offset * 60_000;
  return { from, to: from + lengthOf(text, zone, local) };
}

const ISO = /^(\d{4}-\d\d)(?:(-\d\d)(?:(T\d\d:\d\d)(?:(:\d\d)(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?)?$/;

/** Of the longest text that the pattern takes. */
const MAX_LENGTH = 29;

/** How long the written time is, in milliseconds, told from the characters that it has before the zone. */
function lengthOf(text: string, zone: string, month: Date): number {
  const written = text.endsWith(zone) ? text.length - zone.length : text.length;
  if (written <= "2026-05".length) return daysOf(month) * 86_400_000;
  if (written <= "2026-05-04".length) return 86_400_000;
  if (written <= "2026-05-04T12:30".length) return 60_000;
  if (written <= "2026-05-04T12:30:05".length) return 1_000;
  return 10 ** ("2026-05-04T12:30:05.250".length - written);
}

function daysOf(month: Date): number {
  const last = dateAt(month.getTime());
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
