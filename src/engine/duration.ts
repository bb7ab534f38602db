import { InvalidDurationError } from "./usage-errors.ts";

/** A length of time: milliseconds, or text such as `"250ms"`, `"10s"`, `"5m"`, `"2h"`, `"3d"`, `"1w"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The longest duration accepted: ten thousand years keep every sum of times an exact integer. */
const LIMIT_MS = 10_000 * 365 * 86_400_000;

/**
 * The duration in whole milliseconds, rounded up.
 * @throws {@link InvalidDurationError} when it is negative, not finite, or not of a known unit.
 */
export function toMilliseconds(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : fromText(duration);
  if (!Number.isFinite(ms) || ms < 0 || ms > LIMIT_MS) throw new InvalidDurationError(duration);
  return Math.ceil(ms);
}

function fromText(text: unknown): number {
  const match = typeof text === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) : null;
  const unit = UNITS[match?.[2] ?? ""];
  return match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit;
}
