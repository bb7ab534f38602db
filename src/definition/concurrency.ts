import { checkSlotLimit } from "../engine/queue-settings.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

/** How many runs of one key may be active at once, over all workers, such as two for each customer. */
export interface ConcurrencyOptions<Input = unknown> {
  /** Of the input, after its schema has checked it. Pure, and the same for the same input in every version of the code. */
  readonly key: (input: Input) => string;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** The same, whatever the input's type. */
export interface KeyedLimit {
  readonly key: (input: never) => string;
  readonly limit: number;
}

/** @throws {@link InvalidOptionError} */
export function keyedLimit(options: KeyedLimit | undefined): KeyedLimit | undefined {
  if (options === undefined) return undefined;
  if (typeof options.key !== "function") {
    throw new InvalidOptionError("concurrency.key", options.key, "give a function of the input");
  }
  return { key: options.key, limit: checkSlotLimit("concurrency.limit", options.limit) };
}
