import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { plain } from "../details-json.ts";
import { StatusRef } from "../schemas/run-schema.ts";
import { RunIdParams, Time } from "../schemas/schema-parts.ts";

const ExplanationSchema = Type.Object(
  {
    run: Type.String(),
    status: Type.Optional(StatusRef),
    reason: Type.String({ description: "Stable: `queue-paused` and so on (docs/explain.md)." }),
    sentence: Type.String({ description: "Why, for people." }),
    next: Type.String({ description: "What to do, for people; or that there is nothing to do." }),
    since: Type.Optional(Time("Since when it is so, as far as that is known.")),
    facts: Type.Record(Type.String(), Type.Unknown(), {
      description:
        "What the sentence says, for programs: which facts there are follows from the reason.",
    }),
  },
  { $id: "Explanation", description: "Why a run is where it is, and what to do." },
);

/** Why a run does not move. */
export const explainTopic: Topic = { schemas: [ExplanationSchema], routes: addExplainRoute };

function addExplainRoute(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/runs/:id/explain",
    {
      config: { scope: "read" },
      schema: {
        operationId: "explainRun",
        summary: "Why a run is where it is, and what to do",
        description:
          "From its history, its queue and its workers. A run that does not exist is explained too: its reason is `not-found`.",
        tags: ["runs"],
        params: RunIdParams,
        response: { 200: Type.Unsafe<object>({ $ref: "Explanation#" }) },
      },
    },
    async ({ params: { id } }) => plain(await millrace.attach(id).explain()),
  );
}
