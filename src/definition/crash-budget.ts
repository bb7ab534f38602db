import { InvalidOptionError } from "../engine/usage-errors.ts";

/** How many workers may die on a run before it is closed as `crashed`, so that a poisonous input cannot kill the fleet. */
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
