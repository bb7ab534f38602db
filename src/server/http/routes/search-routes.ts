import { Type } from "typebox";
import { parseRunQuery } from "../../../engine/parse-run-query.ts";
import { parseRunId } from "../../../engine/run-id.ts";
import { runJson } from "../../run-json.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { RunPageSchema, StatusRef } from "../schemas/run-schema.ts";
import { CLOSED, named, PageQuery, RunIdParams } from "../schemas/schema-parts.ts";

const Q = Type.Optional(
  Type.String({
    maxLength: 4_096,
    description:
      "Which runs, such as `status:failed flow:checkout tag:job:42 since:1h` (docs/search.md). Default: all.",
  }),
);

/** Finding and counting runs, in the projection. */
export const searchTopic: Topic = { schemas: [RunPageSchema], routes: addSearchRoutes };

function addSearchRoutes(api: Api, { store, clock }: ApiHost): void {
  api.get(
    "/runs",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listRuns",
        summary: "Search runs",
        description:
          "A page in the query's order, the newest submission first if it says none. Pages stay whole while runs arrive.",
        tags: ["runs"],
        querystring: Type.Object({ q: Q, ...PageQuery }, CLOSED),
        response: { 200: named(RunPageSchema) },
      },
    },
    async ({ query: { q = "", limit = DEFAULT_PAGE, after } }) => {
      const query = parseRunQuery(q, clock.now());
      const page = await store.view.list(query, { limit, ...given({ after }) });
      return { runs: page.rows.map(runJson), ...given({ next: page.next }) };
    },
  );
  api.get(
    "/runs/count",
    {
      config: { scope: "read" },
      schema: {
        operationId: "countRuns",
        summary: "Count runs",
        description: "Exact up to `atMost`: there may be more when `exact` is false.",
        tags: ["runs"],
        querystring: Type.Object(
          {
            q: Q,
            atMost: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 1_000_000, default: DEFAULT_COUNT }),
            ),
          },
          CLOSED,
        ),
        response: { 200: Type.Object({ count: Type.Integer(), exact: Type.Boolean() }) },
      },
    },
    async ({ query: { q = "", atMost = DEFAULT_COUNT } }) => {
      const { count, exact } = await store.view.count(parseRunQuery(q, clock.now()), atMost);
      return { count, exact };
    },
  );
  api.get(
    "/runs/:id/children",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listChildren",
        summary: "The runs that a run submitted",
        description:
          "As the projection has them, the newest first. None for a run that nobody knows.",
        tags: ["runs"],
        params: RunIdParams,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: named(RunPageSchema) },
      },
    },
    async ({ params, query: { limit = DEFAULT_PAGE, after } }) => {
      const { id: parent } = parseRunId(params.id);
      const page = await store.view.list({ parent }, { limit, ...given({ after }) });
      return { runs: page.rows.map(runJson), ...given({ next: page.next }) };
    },
  );
  api.get(
    "/stats",
    {
      config: { scope: "read" },
      schema: {
        operationId: "getStats",
        summary: "How many runs there are, by flow, queue and status",
        tags: ["runs"],
        response: {
          200: Type.Object({
            stats: Type.Array(
              Type.Object({
                flow: Type.String(),
                queue: Type.String(),
                status: StatusRef,
                count: Type.Integer(),
              }),
            ),
          }),
        },
      },
    },
    async () => ({ stats: [...(await store.view.stats())] }),
  );
}

const DEFAULT_PAGE = 50;
const DEFAULT_COUNT = 10_000;
