import { isIP } from "node:net";
import { hostname } from "node:os";
import { type Logger, pino } from "pino";
import type { Millrace } from "../client/millrace.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { systemClock } from "../ports/clock.ts";
import { type Projector, startProjector } from "../projections/projector.ts";
import type { ProjectorStatus } from "../projections/projector-status.ts";
import { openRunStore } from "../projections/sql/open-run-store.ts";
import { startQueries } from "./answer-queries.ts";
import { startArchiver } from "./archiver.ts";
import { startBulkJobs } from "./bulk-jobs.ts";
import { startCaretaker } from "./caretaker.ts";
import { defaultDatabase } from "./default-database.ts";
import type { ApiHost } from "./http/api-host.ts";
import { isLoopbackName } from "./http/guard.ts";
import type { ReadyCheck } from "./http/readiness.ts";
import { startHttp } from "./http/start-http.ts";
import { startMetrics } from "./metrics.ts";
import type { ServerHost, ServerPart } from "./server-host.ts";
import { checkLimits, type ServerLimits } from "./server-limits.ts";
import { ServerUnprotectedError } from "./server-unprotected-error.ts";
import { AccessTokens, isValid } from "./tokens/access-tokens.ts";
import { KnownTokens } from "./tokens/known-tokens.ts";

/**
 * Starts a server on a connection: HTTP API, and what runs beside it. Runs need none, and several may run at once.
 * @throws {@link ServerUnprotectedError} when it would be open to a network, {@link InvalidOptionError}.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { connection: millrace, host: address = "127.0.0.1", port = DEFAULT_PORT } = options;
  const limits = checkLimits(options.limits ?? {});
  const graceMs = toMilliseconds(options.grace ?? "10s");
  const clock = systemClock;
  const replica = `${hostname()}-${sortableId(clock.now(), Math.random).slice(-8)}`;
  const log = (options.log ?? pino({ name: "millrace", level: "warn" })).child({ replica });
  const tokens = new AccessTokens(millrace.broker.control, clock);
  const auth = await protection(address, options.auth ?? "auto", tokens);
  const store = await openRunStore(options.database ?? defaultDatabase(millrace.namespace));
  const host: ServerHost = { millrace, store, clock, log, replica };
  const stopping = new AbortController();
  const parts: ServerPart[] = [{ stop: () => store.close() }];
  const base = {
    ...host,
    tokens,
    knownTokens: new KnownTokens(tokens, clock),
    auth,
    allowedHosts: (options.allowedHosts ?? []).map((name) => name.toLowerCase()),
    trustProxy: options.trustProxy ?? false,
    limits,
    stopping: stopping.signal,
  } satisfies Partial<ApiHost>;
  const stop = async (): Promise<void> => {
    stopping.abort();
    // The last one first: HTTP asks the others.
    for (const part of parts.toReversed()) await part.stop();
  };
  try {
    const feed = millrace.broker.feed;
    const projector = startProjector({ store, feed, clock, log });
    const caretaker = startCaretaker(host);
    const metrics = startMetrics(host, { projector, caretaker });
    parts.push(projector, caretaker, metrics, startArchiver(host), startBulkJobs(host));
    parts.push(await startQueries(host));
    const ready = readyChecks(host, projector, limits);
    const api = { ...base, projector, metrics, ready };
    const http = await startHttp(api, { address, port, graceMs });
    parts.push(http);
    log.info({ url: http.url, auth }, "The server listens");
    let stopped: Promise<void> | undefined;
    return {
      url: http.url,
      port: http.port,
      auth,
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface ServerOptions {
  /** Stays open when the server stops. */
  readonly connection: Millrace;
  /**
   * Where the projection is: `postgres://…`, or a file, which is made when it is missing. Everything in it can be made again.
   * Default: `.millrace/<namespace>.db`.
   */
  readonly database?: string;
  /** The address to listen at. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 4280; 0 for any that is free. */
  readonly port?: number;
  /**
   * `tokens`: every request needs one. `open`: none does, on a loopback address only. Default `auto`: tokens, if the
   * namespace has any when the server starts or the address is no loopback one.
   */
  readonly auth?: "auto" | "tokens" | "open";
  /** Names by which clients may call a server without tokens, beside those of the loopback interface. */
  readonly allowedHosts?: readonly string[];
  /** Takes a client's address from `X-Forwarded-For`: of any proxy, or of those with these addresses. Default false. */
  readonly trustProxy?: boolean | string;
  readonly limits?: Partial<ServerLimits>;
  /** How long requests may take to end when the server stops. Default `10s`. */
  readonly grace?: Duration;
  readonly log?: Logger;
}

/** A server that listens. */
export interface RunningServer {
  /** Such as `http://127.0.0.1:4280`. */
  readonly url: string;
  readonly port: number;
  /** Whether requests need a token. */
  readonly auth: "tokens" | "open";
  /** Ends what waits, lets requests end within the grace period, and resolves when nothing of the server runs any more. */
  stop(): Promise<void>;
}

/** Where a server listens if nobody says otherwise. */
export const DEFAULT_PORT = 4280;

/** @throws {@link ServerUnprotectedError} */
async function protection(
  address: string,
  asked: "auto" | "tokens" | "open",
  tokens: AccessTokens,
): Promise<"tokens" | "open"> {
  if (isIP(address) === 0 && address !== "localhost") {
    throw new InvalidOptionError("host", address, "give an IP address or localhost");
  }
  const isLoopback = isLoopbackName(address);
  if (asked === "open" && !isLoopback) throw new ServerUnprotectedError(address);
  if (asked === "open") return "open";
  if (asked === "tokens" && isLoopback) return "tokens";
  const all = await tokens.list();
  const now = systemClock.now();
  const areThere = all.some((token) => isValid(token, now));
  if (!areThere && !isLoopback) throw new ServerUnprotectedError(address);
  return areThere ? "tokens" : "open";
}

function readyChecks(
  { millrace, store }: ServerHost,
  projector: Projector,
  { lagMs }: ServerLimits,
): readonly ReadyCheck[] {
  return [
    {
      name: "broker",
      ask: async () => {
        await millrace.broker.control.read("server.ready");
        return undefined;
      },
    },
    {
      name: "database",
      ask: async () => {
        await store.view.row("ready:0");
        return undefined;
      },
    },
    {
      name: "projector",
      ask: () => {
        // One that stands by reads nothing: the one that does is another replica's.
        const late = projector.status.find(
          ({ state, lagSeconds }) => state !== "standby" && lagSeconds * 1_000 > lagMs,
        );
        const why = late === undefined ? undefined : lagText(late);
        return Promise.resolve(why);
      },
    },
  ];
}

function lagText({ partition, lagEvents, lagSeconds, lastError }: ProjectorStatus): string {
  const behind = `partition ${partition} is ${lagEvents} messages and ${Math.round(lagSeconds)} s behind`;
  return lastError === "" ? behind : `${behind}: ${lastError}`;
}
