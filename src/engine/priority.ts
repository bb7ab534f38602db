import { checkToken } from "./names.ts";
import { InvalidNameError, InvalidOptionError } from "./usage-errors.ts";

/** Which of a queue's new runs go first. */
export type Priority = "high" | "normal" | "low";

/** Where a new run of this priority waits: a place of its own beside the queue. */
export function placeFor(queue: string, priority: Priority): string {
  return priority === "normal" ? queue : `${queue}--${priority}`;
}

/** The places beside a queue that only exist once somebody has submitted with a priority. */
export function siblingsOf(queue: string): readonly string[] {
  return [placeFor(queue, "high"), placeFor(queue, "low")];
}

/** The queue that a place belongs to, and its rank: 1 for the one that goes first. */
export function queueOfPlace(place: string): { readonly queue: string; readonly rank: number } {
  const ending = /^(.+)--(high|low)$/.exec(place);
  const queue = ending?.[1];
  if (queue === undefined) return { queue: place, rank: NORMAL_RANK };
  return { queue, rank: ending?.[2] === "high" ? 1 : LOW_RANK };
}

export const NORMAL_RANK = 2;
export const LOW_RANK = 3;

/**
 * Gives the name back if a queue may have it.
 * @throws {@link InvalidNameError}
 */
export function checkQueueName(value: unknown): string {
  const name = checkToken("A queue's name", value);
  if (queueOfPlace(name).rank === NORMAL_RANK) return name;
  throw new InvalidNameError(
    "A queue's name",
    value,
    "names that end in --high or --low are for priorities",
  );
}

/** @throws {@link InvalidOptionError} */
export function checkPriority(value: Priority | undefined): Priority {
  if (value === undefined || value === "high" || value === "normal" || value === "low") {
    return value ?? "normal";
  }
  throw new InvalidOptionError("priority", value, "give high, normal or low");
}
