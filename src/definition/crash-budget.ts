import { InvalidOptionError } from "../engine/usage-errors.ts";

/**
 * How many workers may die on a run in a row, with no step or timer ended in between, before it is closed as `crashed`: a
 * poisonous input cannot kill the fleet, and a run of many months may outlive many crashes.
 */
export interface CrashOptions {
  /** Default 5. */
  readonly limit?: number;
  /** What then. There is one answer. */
  readonly then?: "crashed";
}

const DEFAULT_LIMIT = 5;

export function crashLimit(options: CrashOptions | undefined): number {
  const limit = options?.limit ?? DEFAULT_LIMIT;
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new InvalidOptionError("crashes.limit", limit, "give a whole number from 0");
}
