import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { named, RunIdParams, Time } from "../schemas/schema-parts.ts";

const ArchivedRunSchema = Type.Object(
  {
    id: Type.String(),
    archivedAt: Time("Since when it is there."),
    file: Type.Object({
      store: Type.String(),
      key: Type.String(),
      sha256: Type.String(),
      size: Type.Integer({ description: "In bytes." }),
    }),
    messages: Type.Integer({ description: "How many messages of the log the file holds." }),
  },
  { $id: "ArchivedRun", description: "A run's file in the archive, read and found to be whole." },
);

const BINARY = Type.Unsafe<Buffer>({ type: "string", format: "binary" });

/** Runs that have left the log. Their state, details and history are read like those of any other run. */
export const archiveTopic: Topic = { schemas: [ArchivedRunSchema], routes: addArchiveRoutes };

function addArchiveRoutes(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/archive/:id",
    {
      config: { scope: "read", problems: [404, 422] },
      schema: {
        operationId: "verifyArchivedRun",
        summary: "Read a run's file in the archive and check all that it says of itself",
        tags: ["operations"],
        params: RunIdParams,
        response: { 200: named(ArchivedRunSchema) },
      },
    },
    async ({ params }) => {
      const { id, archivedAt, file, messages } = await millrace.archive.verify(params.id);
      return { id, archivedAt: archivedAt.toISOString(), file, messages };
    },
  );
  api.get(
    "/archive/:id/file",
    {
      config: { scope: "read", problems: [404, 422] },
      schema: {
        operationId: "getArchiveFile",
        summary: "The file itself: gzip of JSON lines (docs/archive.md)",
        tags: ["operations"],
        params: RunIdParams,
        response: {
          200: {
            description: "The file.",
            content: { "application/gzip": { schema: BINARY } },
          },
        },
      },
    },
    async ({ params: { id } }, reply) => {
      const file = await millrace.archive.get(id);
      void reply.type("application/gzip");
      return reply.send(Buffer.from(file));
    },
  );
  api.post(
    "/archive/:id/restore",
    {
      config: { scope: "control", problems: [404, 409, 422] },
      schema: {
        operationId: "restoreArchivedRun",
        summary: "Put an archived run back into the log",
        description: "It can be resumed then. Its file stays.",
        tags: ["operations"],
        params: RunIdParams,
        body: Type.Object({}, { additionalProperties: false }),
        response: { 202: Type.Object({ id: Type.String() }) },
      },
    },
    async ({ params: { id } }, reply) => {
      await millrace.archive.restore(id);
      return reply.code(202).send({ id });
    },
  );
}
