import type { FastifyReply, FastifyRequest } from "fastify";
import { type AccessToken, allows } from "../../engine/access-token.ts";
import type { Api, ApiHost } from "./api-host.ts";
import { ApiError } from "./problem.ts";

/**
 * Everything that a request has to pass before its route sees it: the server's name, the form of a POST, the rate, the token
 * and its scopes.
 */
export function addGuard(api: Api, host: ApiHost): void {
  const isAmongLimits = rateLimiter(api, host);
  api.decorateRequest("rateKey", "");
  // Also of what was asked before: a connection that stays open holds up the stop.
  api.addHook("onSend", (_, reply, __, done) => {
    if (host.stopping.aborted) void reply.header("connection", "close");
    done();
  });
  api.addHook("onRequest", async (request, reply) => {
    const { scope } = request.routeOptions.config;
    // What is signed is from whom it says, whichever page or proxy it came through.
    if (host.auth === "open" && scope !== "signed") checkHostName(request, host.allowedHosts);
    if (scope === "public" || scope === undefined) return;
    if (host.stopping.aborted) {
      throw new ApiError("STOPPING", "Ask another replica, or this one when it is there again.");
    }
    if (scope === "signed") {
      await isAmongLimits(request, reply, `signed ${request.ip}`);
      return;
    }
    if (request.method === "POST") checkIsJson(request);
    const text = tokenText(request);
    const known = text === undefined ? undefined : host.knownTokens.known(text);
    // An unknown token counts for its address: guessing costs the guesser, and not the token's owner.
    const counted = known === undefined ? `address ${request.ip}` : `token ${known.id}`;
    await isAmongLimits(request, reply, counted);
    // Who can reach a loopback address of this machine may do everything.
    if (host.auth === "open") return;
    const { scopes } = await authenticate(host, text, reply);
    if (allows(scopes, scope)) return;
    throw new ApiError(
      "FORBIDDEN",
      `This needs a token with scope ${scope}; yours has ${scopes.join(", ")}. Make one: millrace token create --scope ${scope}`,
    );
  });
}

const MINUTE_MS = 60_000;

function rateLimiter(api: Api, { limits }: ApiHost) {
  const max = limits.requestsPerMinute;
  if (max === 0) return () => Promise.resolve();
  const count = api.createRateLimit({
    max,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => request.rateKey,
  });
  return async (request: FastifyRequest, reply: FastifyReply, key: string): Promise<void> => {
    request.rateKey = key;
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    void reply.header("retry-after", Math.max(1, counted.ttlInSeconds));
    throw new ApiError("RATE_LIMITED", `At most ${max} requests a minute for each caller.`);
  };
}

async function authenticate(
  { knownTokens }: ApiHost,
  text: string | undefined,
  reply: FastifyReply,
): Promise<AccessToken> {
  const token = text === undefined ? undefined : await knownTokens.verify(text);
  if (token !== undefined) return token;
  void reply.header("www-authenticate", 'Bearer realm="millrace"');
  throw new ApiError(
    "UNAUTHENTICATED",
    text === undefined
      ? "Send `authorization: Bearer <token>`. Make a token with: millrace token create"
      : "The token is not one of this namespace, or it is expired or revoked. Make one with: millrace token create",
  );
}

function tokenText({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,256})$/i.exec(headers.authorization ?? "")?.[1];
}

/** A page of another site may have its own name point here (DNS rebinding): its requests carry that name. */
function checkHostName({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const name = (headers.host ?? "").replace(/:\d{1,5}$/, "").toLowerCase();
  if (isLoopbackName(name) || allowed.includes(name)) return;
  throw new ApiError(
    "HOST_NOT_ALLOWED",
    "Without tokens this server answers to loopback names only. Use http://127.0.0.1, add the name to --allow-host, or require tokens.",
  );
}

/** `127.0.0.1`, `localhost`, `[::1]`. */
export function isLoopbackName(name: string): boolean {
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    name === "::1" ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/** A form of another site can post anything but JSON without asking first (CSRF). */
function checkIsJson({ headers }: FastifyRequest): void {
  if (/^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(headers["content-type"] ?? "")) return;
  throw new ApiError(
    "UNSUPPORTED_MEDIA_TYPE",
    "Send `content-type: application/json`, with `{}` if there is nothing to say.",
  );
}

declare module "fastify" {
  interface FastifyRequest {
    /** For whom the request is counted. */
    rateKey: string;
  }
}
