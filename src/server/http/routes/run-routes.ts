import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { detailsJson, plain } from "../details-json.ts";
import { eventJson } from "../event-json.ts";
import { presentRun } from "../present-run.ts";
import {
  CommandSchema,
  DetailsRef,
  DetailsSchema,
  EventSchema,
  TreeRef,
  TreeSchema,
} from "../schemas/details-schema.ts";
import { ErrorSchema } from "../schemas/error-schema.ts";
import { RunRef, RunSchema, RunStatusSchema } from "../schemas/run-schema.ts";
import { CLOSED, named, RunIdParams } from "../schemas/schema-parts.ts";

/** One run: at a glance, in full, event by event. */
export const runTopic: Topic = {
  schemas: [
    RunStatusSchema,
    RunSchema,
    ErrorSchema,
    CommandSchema,
    DetailsSchema,
    TreeSchema,
    EventSchema,
  ],
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
        description: "As it is now: what the projection has, or the log where that is ahead of it.",
        tags: ["runs"],
        params: RunIdParams,
        response: { 200: RunRef },
      },
    },
    ({ params: { id } }) => presentRun(store, millrace.attach(id)),
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
        querystring: Type.Object(
          {
            at: Type.Optional(
              Type.String({
                maxLength: 1_000,
                description:
                  "As it was after this event: its number (`12`), a stream sequence (`seq:9041`) or a step (`charge#1`). Default: as it is now.",
              }),
            ),
          },
          CLOSED,
        ),
        response: { 200: DetailsRef },
      },
    },
    async ({ params: { id }, query }) => detailsJson(await millrace.attach(id).details(query)),
  );
  api.get(
    "/runs/:id/tree",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getRunTree",
        summary: "A run and its family below it",
        description:
          "Reads the history of each: of a large family, the nearer generations go first.",
        tags: ["runs"],
        params: RunIdParams,
        querystring: Type.Object(
          {
            depth: Type.Optional(Type.Integer({ minimum: 0, maximum: 32, default: 5 })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 200 })),
          },
          CLOSED,
        ),
        response: { 200: TreeRef },
      },
    },
    async ({ params: { id }, query }) => plain(await millrace.attach(id).tree(query)),
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
