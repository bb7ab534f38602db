import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance, RawServerDefault } from "fastify";
import type { Logger } from "pino";
import type { Scope } from "../../engine/access-token.ts";
import type { Projector } from "../../projections/projector.ts";
import type { Metrics } from "../metrics.ts";
import type { ServerHost } from "../server-host.ts";
import type { ServerLimits } from "../server-limits.ts";
import type { AccessTokens } from "../tokens/access-tokens.ts";
import type { KnownTokens } from "../tokens/known-tokens.ts";
import type { ReadyCheck } from "./readiness.ts";

/** What the routes are made on. */
export interface ApiHost extends ServerHost {
  readonly projector: Pick<Projector, "status">;
  readonly metrics: Pick<Metrics, "answered" | "contentType" | "text">;
  readonly tokens: AccessTokens;
  readonly knownTokens: KnownTokens;
  /** Whether a request needs a token. */
  readonly auth: "tokens" | "open";
  /** By which names the server is known beside those of the loopback interface. */
  readonly allowedHosts: readonly string[];
  readonly trustProxy: boolean | string;
  readonly limits: ServerLimits;
  /** Aborts when the server begins to stop: what waits ends then. */
  readonly stopping: AbortSignal;
  /** What has to be there for it to be of use. */
  readonly ready: readonly ReadyCheck[];
}

/** A fastify server whose schemas are TypeBox. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  Logger,
  TypeBoxTypeProvider
>;

/** Adds routes of one topic below `/api/v1`. */
export type AddRoutes = (api: Api, host: ApiHost) => void;

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a token needs for this route; `public` for none, `signed` where the route verifies the sender itself. Every route says it. */
    readonly scope?: Scope | "public" | "signed";
    /** Problems of its own that it answers with, by HTTP status. */
    readonly problems?: readonly number[];
    /** It may take as long as the caller asks for. */
    readonly waits?: boolean;
    /** It only says that the address takes other methods. */
    readonly refuses?: boolean;
  }
}
