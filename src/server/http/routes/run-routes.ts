import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { jsonOfDetails } from "../details-json.ts";
import { eventJson } from "../event-json.ts";
import { runJson } from "../run-json.ts";
import { runOfLog } from "../run-of-log.ts";
import { DetailsSchema, EventSchema } from "../schemas/details-schema.ts";
import { ErrorSchema } from "../schemas/error-schema.ts";
import { RunSchema, RunStatusSchema } from "../schemas/run-schema.ts";
import { CLOSED, named, RunIdParams } from "../schemas/schema-parts.ts";

/** One run: at a glance, in full, event by event. */
export const runTopic: Topic = {
  schemas: [RunStatusSchema, RunSchema, ErrorSchema, DetailsSchema, EventSchema],
  routes: addRunRoutes,
};

function addRunRoutes(api: Api, { millrace, store }: ApiHost): void {
  api.get(
    "/runs/:id",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getRun",
        summary: "A run at a glance",
        description:
          "As the projection has it, which may be behind by a moment; a run that it does not have yet is read from the log.",
        tags: ["runs"],
        params: RunIdParams,
        response: { 200: named(RunSchema) },
      },
    },
    async ({ params: { id } }) => {
      const handle = millrace.attach(id); // Refuses what is no id.
      const row = await store.view.row(handle.id);
      // A row without submission is only something in an inbox.
      if (row !== undefined && row.submissionSequence > 0) return runJson(row);
      return runOfLog(handle);
    },
  );
  api.get(
    "/runs/:id/details",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getRunDetails",
        summary: "All that is recorded of a run",
        description:
          "Steps with their attempts, timers, children, payloads and errors, read from the log. In the place of a value that is " +
          "large or cannot be read stands where it is and why.",
        tags: ["runs"],
        params: RunIdParams,
        response: { 200: named(DetailsSchema) },
      },
    },
    async ({ params: { id } }) => jsonOfDetails(await millrace.attach(id).details()),
  );
  api.get(
    "/runs/:id/history",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getRunHistory",
        summary: "The events of a run, in order",
        tags: ["runs"],
        params: RunIdParams,
        querystring: Type.Object(
          {
            after: Type.Optional(
              Type.Integer({
                minimum: 0,
                description:
                  "Only events of frames after this sequence: `next` of the page before.",
              }),
            ),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 200 })),
          },
          CLOSED,
        ),
        response: {
          200: Type.Object({
            events: Type.Array(named(EventSchema)),
            next: Type.Optional(Type.Integer()),
          }),
        },
      },
    },
    async ({ params: { id }, query: { after = 0, limit = 200 } }) => {
      const events = [];
      for await (const event of millrace.attach(id).events({ from: after })) {
        // Only between frames: a page begins after a sequence.
        const last = events.at(-1);
        if (last !== undefined && events.length >= limit && last.sequence !== event.sequence) {
          return { events, next: last.sequence };
        }
        events.push(eventJson(event));
      }
      return { events };
    },
  );
}
