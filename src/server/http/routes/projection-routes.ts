import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";

/** How far behind the log what is searched is. */
export const projectionTopic: Topic = { routes: addProjectionRoutes };

function addProjectionRoutes(api: Api, { projector }: ApiHost): void {
  api.get(
    "/projections",
    {
      config: { scope: "read" },
      schema: {
        operationId: "getProjections",
        summary: "What this replica's projector does, and how far it is behind",
        tags: ["operations"],
        response: {
          200: Type.Object({
            partitions: Type.Array(
              Type.Object({
                partition: Type.Integer(),
                state: Type.Enum([
                  "starting",
                  "reading",
                  "standby",
                  "retrying",
                  "rebuilding",
                  "stopped",
                ]),
                sequence: Type.Integer({
                  description: "Last stream sequence that is in the view.",
                }),
                lagEvents: Type.Integer({ description: "Messages that are not in the view." }),
                lagSeconds: Type.Number({ description: "How old the oldest of them is." }),
                eventsPerSecond: Type.Number({ description: "Folded of late." }),
                lastError: Type.String({ description: "Until something goes well, or empty." }),
              }),
            ),
          }),
        },
      },
    },
    () => ({ partitions: projector.status.map((one) => ({ ...one })) }),
  );
}
