import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { askAll } from "../readiness.ts";

const CheckSchema = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  detail: Type.String({ description: "What is wrong, or empty." }),
});

/** For whoever starts and stops the server's process: no token is needed, and nothing is told that is a secret. */
export const healthTopic: Topic = { rootRoutes: addHealthRoutes };

function addHealthRoutes(api: Api, { ready, clock, stopping }: ApiHost): void {
  api.get(
    "/livez",
    {
      config: { scope: "public" },
      schema: {
        operationId: "getLiveness",
        summary: "Whether the process answers",
        description: "Asks nothing else: restart the process when it does not answer.",
        tags: ["operations"],
        response: { 200: Type.Object({ alive: Type.Literal(true) }) },
      },
    },
    () => ({ alive: true as const }),
  );
  api.get(
    "/readyz",
    {
      config: { scope: "public", waits: true },
      schema: {
        operationId: "getReadiness",
        summary: "Whether requests can be served",
        description:
          "Broker, database and how far the projection is behind. Send no requests to a replica that answers 503.",
        tags: ["operations"],
        response: {
          200: Type.Object({ ready: Type.Literal(true), checks: Type.Array(CheckSchema) }),
          503: Type.Object({ ready: Type.Literal(false), checks: Type.Array(CheckSchema) }),
        },
      },
    },
    async (_, reply) => {
      const checks = [...(await askAll(ready, clock))];
      if (stopping.aborted) {
        checks.push({ name: "server", ok: false, detail: "it is stopping" });
      }
      void reply.header("cache-control", "no-store");
      if (checks.every(({ ok }) => ok)) return reply.code(200).send({ ready: true, checks });
      return reply.code(503).send({ ready: false, checks });
    },
  );
}
