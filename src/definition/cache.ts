import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

/** An outcome that runs share: whoever asks for the same key within its time gets it without executing the task. */
export interface CacheOptions<Input = unknown> {
  /** Of the input, after its schema has checked it. Everything that the outcome depends on must be in it. */
  readonly key: (input: Input) => string;
  /** How long an outcome is good for, from when it was computed; counted in whole seconds. */
  readonly ttl: Duration;
}

/** The same, checked, whatever the input's type. */
export interface CachePolicy {
  readonly key: (input: never) => string;
  readonly ttlMs: number;
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function cachePolicy(
  options: { readonly key: (input: never) => string; readonly ttl: Duration } | undefined,
  hasCompensation: boolean,
): CachePolicy | undefined {
  if (options === undefined) return undefined;
  const { key, ttl } = options;
  if (typeof key !== "function") {
    throw new InvalidOptionError("cache.key", key, "give a function of the input");
  }
  if (hasCompensation) {
    throw new InvalidOptionError(
      "cache",
      "given",
      "a shared outcome cannot be undone by one run: leave compensate out",
    );
  }
  const ttlMs = toMilliseconds(ttl);
  if (ttlMs === 0) throw new InvalidOptionError("cache.ttl", ttl, "give a second or more");
  return { key, ttlMs };
}
