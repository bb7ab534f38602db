import { InvalidArgumentError, Option } from "commander";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { type EventAddress, parseEventAddress } from "../engine/event-address.ts";

/** `10s`, `5m`, `250ms`, or milliseconds. */
export function durationValue(text: string): Duration {
  const duration = /^\d+$/.test(text) ? Number(text) : (text as Duration);
  try {
    toMilliseconds(duration);
    return duration;
  } catch {
    throw new InvalidArgumentError("Give a duration such as 250ms, 10s, 5m, 2h or 3d.");
  }
}

/** A time in ISO form. */
export function timeValue(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError("Give an ISO time such as 2030-01-31T08:00:00Z.");
}

export function timeOrDurationValue(text: string): Date | Duration {
  return /^\d{4}-/.test(text) ? timeValue(text) : durationValue(text);
}

export function countValue(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("Give a whole number from 1.");
}

export function portValue(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Give a port from 0 to 65535.");
}

export function sequenceValue(text: string): number {
  const sequence = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(sequence)) return sequence;
  throw new InvalidArgumentError("Give a whole number from 0.");
}

/** An event of a run: `12`, `seq:9041` or a step. */
export function addressValue(text: string): EventAddress {
  try {
    return parseEventAddress(text);
  } catch {
    throw new InvalidArgumentError(
      "Give the number of an event (12), a stream sequence (seq:9041) or a step (charge#1).",
    );
  }
}

/** For an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** For `k=v` given several times. */
export function collectPair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Give <name>=<value>.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** How a worker watches its flows' code. */
export function guardOption(byDefault: string): Option {
  return new Option(
    "--guard <mode>",
    `tell which line of a flow uses time, chance or the network directly (default: ${byDefault})`,
  ).choices(["warn", "throw", "off"]);
}
