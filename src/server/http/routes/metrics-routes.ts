import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";

/** What Prometheus reads. */
export const metricsTopic: Topic = { rootRoutes: addMetricsRoutes };

function addMetricsRoutes(api: Api, { metrics }: ApiHost): void {
  api.get(
    "/metrics",
    {
      config: { scope: "read" },
      schema: {
        operationId: "getMetrics",
        summary: "Metrics in the format of Prometheus",
        tags: ["operations"],
        response: { 200: { content: { "text/plain": { schema: Type.String() } } } },
      },
    },
    async (_, reply) => {
      const text = await metrics.text();
      void reply.header("cache-control", "no-store").type(metrics.contentType);
      return reply.send(text);
    },
  );
}
