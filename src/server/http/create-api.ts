import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { fastify, LogController } from "fastify";
import type { TSchema } from "typebox";
import type { AddRoutes, Api, ApiHost } from "./api-host.ts";
import { addDeadline } from "./deadline.ts";
import { addGuard } from "./guard.ts";
import { describeProblems, OPEN_API } from "./openapi.ts";
import { OtherMethods } from "./other-methods.ts";
import { ProblemSchema } from "./problem.ts";
import { addProblemReplies, refuseClient, sendProblem } from "./problem-replies.ts";
import { addDocumentRoute } from "./routes/document-route.ts";
import { validatorOf } from "./validator.ts";

/** The HTTP server with these routes, ready to listen. */
export async function createApi(host: ApiHost, topics: readonly Topic[]): Promise<Api> {
  const api: Api = fastify({
    loggerInstance: host.log.child({ part: "http" }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: host.limits.bodyBytes,
    requestTimeout: host.limits.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: host.limits.headersMs,
      // Slow clients are looked for more often than node does by itself.
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    trustProxy: host.trustProxy,
    routerOptions: { maxParamLength: MAX_PARAM },
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: refuseClient,
  }).withTypeProvider<TypeBoxTypeProvider>();
  api.server.maxConnections = host.limits.connections;
  api.setValidatorCompiler<TSchema>(validatorOf);
  // What is answered is checked against the document by tests, and by nobody in between.
  api.setSerializerCompiler(() => JSON.stringify);
  readJsonOnly(api);
  addProblemReplies(api);
  await api.register(rateLimit, { global: false });
  await api.register(helmet, {
    contentSecurityPolicy: CONTENT_POLICY,
    strictTransportSecurity: false,
  });
  countAnswers(api, host);
  addGuard(api, host);
  addDeadline(api, host);
  const others = new OtherMethods();
  others.observe(api);
  describeProblems(api);
  await api.register(swagger, OPEN_API);
  api.addSchema(ProblemSchema);
  for (const { schemas } of topics) for (const schema of schemas ?? []) api.addSchema(schema);
  await api.register(
    async (v1: Api) => {
      for (const { routes } of topics) routes?.(v1, host);
      addDocumentRoute(v1);
    },
    { prefix: "/api/v1" },
  );
  for (const { rootRoutes } of topics) rootRoutes?.(api, host);
  await api.after();
  others.refuse(api);
  await api.ready();
  return api;
}

/** Routes that belong together, and the schemas that they refer to by name. */
export interface Topic {
  readonly schemas?: readonly TSchema[];
  /** Below `/api/v1`. */
  readonly routes?: AddRoutes;
  /** Beside it, such as `/livez`. */
  readonly rootRoutes?: AddRoutes;
}

/** An id has at most 257 bytes, each of which takes 3 characters where it is escaped. */
const MAX_PARAM = 1_024;
const KEEP_ALIVE_MS = 72_000;
const CHECK_EVERY_MS = 2_000;

/** Answers are data: no browser is to run, frame or guess anything of them. */
const CONTENT_POLICY = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
};

/** An empty body is an empty object: what is required is asked for by the schema. */
function readJsonOnly(api: Api): void {
  api.removeAllContentTypeParsers();
  const parse = api.getDefaultJsonParser("error", "error");
  api.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json/i,
    { parseAs: "string" },
    (request, body, done) => {
      if (body === "") done(null, {});
      else void parse(request, String(body), done);
    },
  );
}

/** By the route as it is declared: an address with a run's id in it is no label. */
function countAnswers(api: Api, { metrics }: ApiHost): void {
  api.addHook("onResponse", (request, reply, done) => {
    const route = request.is404 ? "" : (request.routeOptions.url ?? "");
    const { statusCode: status, elapsedTime } = reply;
    metrics.answered({ method: request.method, route, status, seconds: elapsedTime / 1_000 });
    done();
  });
}
