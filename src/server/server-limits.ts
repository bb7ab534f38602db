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
  /** Streams of live events that are open at once; more are refused. Default 1,000. */
  readonly streams: number;
  /** Changes of runs that are kept for clients that come back; from further back the log is read. Default 10,000. */
  readonly liveChanges: number;
  /** How often a stream without events says that it is there. Default 15,000 ms. */
  readonly heartbeatMs: number;
  /** A client that reads nothing of its full stream for so long is cut off. Default 30,000 ms. */
  readonly slowClientMs: number;
  /** A stream ends after this, and its client comes back, with a token that may have been revoked. Default 900,000 ms. */
  readonly streamMs: number;
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
  streams: 1_000,
  liveChanges: 10_000,
  heartbeatMs: 15_000,
  slowClientMs: 30_000,
  streamMs: 900_000,
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
