import { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { Scope } from "../../engine/access-token.ts";
import type { Api } from "./api-host.ts";

const TAGS = [
  ["runs", "Submit runs, find them, look at them."],
  ["control", "Signal, cancel, terminate and resume runs."],
  ["schedules", "Runs by the clock."],
  ["triggers", "What is done when something happens."],
  ["queues", "Queues and the workers that read them."],
  ["jobs", "Changes to many runs at once."],
  ["operations", "Dead letters, archive, projections, health."],
  ["webhooks", "Webhooks that are sent, and those that come in."],
  ["tokens", "Who may use this API."],
] as const;

/** How the OpenAPI document is made of the routes' schemas. */
export const OPEN_API: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      // Of the API: the package has a version of its own.
      version: "1.0.0",
      description:
        "Submit, find, watch, signal, stop and resume runs. Errors are problems (RFC 9457) with a stable `code`. " +
        'A value that JSON cannot say stands as `{ "$devalue": … }` or `{ "$bytes": … }`; a run\'s id is URL-encoded in a path.',
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that this document comes from." }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description:
            "`millrace token create`. The scope that a route needs stands beside it. A server on a loopback address may ask for none.",
        },
      },
    },
  },
  // Names of their own: they become names of types in generated clients.
  refResolver: {
    buildLocalReference: ({ $id }, _, __, index) =>
      typeof $id === "string" ? $id : `def-${index}`,
  },
};

/**
 * Adds to each route what follows from its `config`: whether it needs a token, with which scope, and the problems that it may
 * answer with.
 * @throws Error when a route does not say who may use it.
 */
export function describeProblems(api: Api): void {
  api.addHook("onRoute", (route) => {
    const { scope, problems = [], refuses } = route.config ?? {};
    if (refuses === true) return;
    if (scope === undefined) throw new Error(`${String(route.method)} ${route.url} has no scope.`);
    const schema = route.schema ?? {};
    const responses = new Set([...problems, ...problemsAnywhere(scope)]);
    if (
      schema.params !== undefined ||
      schema.querystring !== undefined ||
      schema.body !== undefined
    )
      responses.add(400);
    if (route.method !== "GET") for (const status of [413, 415]) responses.add(status);
    const response: Record<string, unknown> = { ...(schema.response as object | undefined) };
    for (const status of [...responses].toSorted((a, b) => a - b)) response[status] = PROBLEM;
    route.schema = {
      ...schema,
      response,
      security: scope === "public" || scope === "signed" ? [] : [{ token: [scope] }],
    };
  });
}

/** What may be wrong with the caller of any such route. */
function problemsAnywhere(scope: Scope | "public" | "signed"): readonly number[] {
  if (scope === "public") return [];
  return scope === "signed" ? [401, 429, 503] : [401, 403, 429, 503];
}

const PROBLEM = Object.freeze({
  description: "A problem.",
  content: { "application/problem+json": { schema: { $ref: "Problem#" } } },
});
