import { type Duration, toMilliseconds } from "./duration.ts";
import { readIsoTime, type WrittenTime } from "./moment.ts";

/** Reads a time of a query: in ISO form, or as a duration before now. Nothing when it is neither. */
export function readMoment(
  text: string,
  now: number,
): { readonly time: WrittenTime; readonly isRelative: boolean } | undefined {
  const iso = readIsoTime(text);
  if (iso !== undefined) return { time: iso, isRelative: false };
  const ago = millisecondsOf(text);
  if (ago === undefined || now - ago < FIRST_TIME) return undefined;
  return { time: { from: now - ago, to: now - ago + 1 }, isRelative: true };
}

/** The first time that a `Date` can hold, in milliseconds since 1970. */
const FIRST_TIME = -8_640_000_000_000_000;

function millisecondsOf(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    return toMilliseconds(text as Duration);
  } catch {
    return undefined;
  }
}

const MAX_LENGTH = 40;
