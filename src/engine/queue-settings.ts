import { InvalidOptionError } from "./usage-errors.ts";

/** What somebody has settled for a queue, for all its workers. */
export interface QueueSettings {
  /** Nothing of it starts or goes on that is not executing now. */
  readonly paused: boolean;
  /** Runs that may be active at once, over all workers; nothing for any number. */
  readonly concurrency: number | undefined;
  readonly rate: Rate | undefined;
  /** Somebody has submitted with a priority: workers read the sibling queues too. */
  readonly priorities: boolean;
}

/** At most `limit` starts in any stretch of `perMs` milliseconds. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
}

export const DEFAULT_QUEUE_SETTINGS: QueueSettings = Object.freeze({
  paused: false,
  concurrency: undefined,
  rate: undefined,
  priorities: false,
});

/** The list of slots is one record: more would make it a large one that each start and end writes anew. */
export const MOST_SLOTS = 1_000;

/** @throws {@link InvalidOptionError} */
export function checkSlotLimit(option: string, limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_SLOTS) return limit;
  throw new InvalidOptionError(option, limit, `give a whole number from 1 to ${MOST_SLOTS}`);
}

/** @throws {@link InvalidOptionError} */
export function checkRate(rate: Rate): Rate {
  if (!(Number.isInteger(rate.limit) && rate.limit >= 1)) {
    throw new InvalidOptionError("rate.limit", rate.limit, "give a whole number from 1");
  }
  if (rate.perMs < 1) throw new InvalidOptionError("rate.per", rate.perMs, "give 1 ms or more");
  return { limit: rate.limit, perMs: rate.perMs };
}
