import { Type } from "typebox";
import type { Api } from "../api-host.ts";

/** `GET /api/v1/openapi.json`: this API, as it describes itself. */
export function addDocumentRoute(api: Api): void {
  api.get(
    "/openapi.json",
    {
      config: { scope: "public" },
      schema: {
        operationId: "getOpenApi",
        summary: "This document",
        tags: ["operations"],
        response: { 200: Type.Unknown({ description: "OpenAPI 3.1" }) },
      },
    },
    () => api.swagger(),
  );
}
