import { InvalidOptionError } from "../engine/usage-errors.ts";

/** What one caller may ask of a server, and how long it may take. */
export interface ServerLimits {
  /** Largest body of a request. Default 1 MiB. */
  readonly bodyBytes: number;
  /** Requests in a minute for each token, or each address without one; 0 for any number. Default 6,000. */
  readonly requestsPerMinute: number;
  /** How long the server works on a request that does not ask to wait. Default 20,000 ms. */
  readonly answerMs: number;
  /** Longest wait that a request may ask for. Default 60,000 ms. */
  readonly waitMs: number;
  /** How long the headers, and the whole of a request, may take to arrive. Default 10,000 and 30,000 ms. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** Open connections; more are refused. Default 10,000. */
  readonly connections: number;
  /** How far the projector may be behind before `/readyz` says no. Default 60,000 ms. */
  readonly lagMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = Object.freeze({
  bodyBytes: 1_048_576,
  requestsPerMinute: 6_000,
  answerMs: 20_000,
  waitMs: 60_000,
  headersMs: 10_000,
  requestMs: 30_000,
  connections: 10_000,
  lagMs: 60_000,
});

/** @throws {@link InvalidOptionError} */
export function checkLimits(given: Partial<ServerLimits>): ServerLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "requestsPerMinute" ? 0 : 1;
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new InvalidOptionError(`limits.${name}`, value, `give a whole number from ${least}`);
  }
  return limits;
}
