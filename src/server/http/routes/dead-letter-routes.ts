import { Type } from "typebox";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { plain } from "../details-json.ts";
import { given } from "../given.ts";
import { CLOSED, Next, PageQuery, Time } from "../schemas/schema-parts.ts";

const letter = {
  id: Type.String({
    description:
      "`<partition>/<sequence>` of a message of the log, `ingress/<sequence>` of one that was published.",
  }),
  partition: Type.Optional(Type.Integer({ description: "Of a message of the log." })),
  sequence: Type.Integer(),
  subject: Type.String(),
  reason: Type.String({ description: "Why the message was set aside." }),
  at: Type.Optional(Time("When it was set aside.")),
  state: Type.Enum(["open", "replayed", "dropped"]),
  resolvedAt: Type.Optional(Time("When it was replayed or dropped.")),
};

const LetterSchema = Type.Object(letter, {
  $id: "DeadLetter",
  description:
    "A message that nobody could use. Of the log it stays there, of the ingress this is a copy.",
});

const LetterDetailsSchema = Type.Object(
  {
    ...letter,
    message: Type.Optional(
      Type.Object(
        {
          kind: Type.String(),
          runId: Type.Optional(Type.String()),
          bytes: Type.Integer(),
          hex: Type.String({ description: "The first 256 bytes." }),
          content: Type.Optional(
            Type.Unknown({ description: "What it says, if it is understood." }),
          ),
          trouble: Type.Optional(Type.String({ description: "Why it is not." })),
        },
        { description: "Not there when it is gone, or was not kept." },
      ),
    ),
  },
  { $id: "DeadLetterDetails" },
);

const LetterRef = Type.Unsafe<object>({ $ref: "DeadLetter#" });

const LetterParams = Type.Object({
  id: Type.String({ maxLength: 64, description: "As the list shows it, URL-encoded." }),
});

/** Messages that were set aside. */
export const deadLetterTopic: Topic = {
  schemas: [LetterSchema, LetterDetailsSchema],
  routes: addDeadLetterRoutes,
};

function addDeadLetterRoutes(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/dead-letters",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listDeadLetters",
        summary: "Messages that nobody could use, the newest first",
        tags: ["operations"],
        querystring: Type.Object(
          {
            ...PageQuery,
            resolved: Type.Optional(
              Type.Boolean({ description: "With those that were replayed or dropped." }),
            ),
          },
          CLOSED,
        ),
        response: { 200: Type.Object({ letters: Type.Array(LetterRef), next: Next }) },
      },
    },
    async ({ query }) => {
      const { letters, next } = await millrace.deadLetters.list(query);
      return { letters: letters.map(plain), ...(next === undefined ? {} : { next }) };
    },
  );
  api.get(
    "/dead-letters/:id",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getDeadLetter",
        summary: "A dead letter and its message",
        tags: ["operations"],
        params: LetterParams,
        response: { 200: Type.Unsafe<object>({ $ref: "DeadLetterDetails#" }) },
      },
    },
    async ({ params: { id } }) => detailsJson(await millrace.deadLetters.show(id)),
  );
  api.post(
    "/dead-letters/:id/replay",
    {
      config: { scope: "control", problems: [404, 409] },
      schema: {
        operationId: "replayDeadLetter",
        summary: "Give the message to its run after all",
        description:
          "Once what was in the way is gone: an input is put into its run's inbox, a submission is handed to a worker. A " +
          "message of the ingress is published again, changed as the body says, and keeps the run id that its publisher was promised.",
        tags: ["operations"],
        params: LetterParams,
        body: ReplaySchema,
        response: { 200: LetterRef },
      },
    },
    async ({ params: { id }, body }) => {
      const { headers, ...rest } = body;
      const changes = { ...rest, ...given({ headers }) };
      return plain(await millrace.deadLetters.replay(id, changes));
    },
  );
  api.post(
    "/dead-letters/:id/drop",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "dropDeadLetter",
        summary: "Mark a dead letter as seen to",
        description: "It is listed no more unless asked for; the message is kept.",
        tags: ["operations"],
        params: LetterParams,
        body: Type.Object({}, CLOSED),
        response: { 200: LetterRef },
      },
    },
    async ({ params: { id } }) => plain(await millrace.deadLetters.drop(id)),
  );
}

/** Of a message of the ingress only. */
const ReplaySchema = Type.Object(
  {
    body: Type.Optional(Type.Unknown({ description: "JSON in the place of the message's body." })),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 4_096 }), {
        description: "Headers to set; an empty one is left out.",
        maxProperties: 64,
      }),
    ),
  },
  CLOSED,
);

/** Bytes in what a message says are shown by their number. */
function detailsJson(details: object): object {
  return JSON.parse(JSON.stringify(details, shown)) as object;
}

function shown(_: string, value: unknown): unknown {
  const size = bytesIn(value);
  return size === undefined ? value : `<${size} bytes>`;
}

/** How many, if it is bytes, or what `JSON.stringify` is given in the place of a Buffer. */
function bytesIn(value: unknown): number | undefined {
  if (value instanceof Uint8Array) return value.length;
  const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: unknown };
  return type === "Buffer" && Array.isArray(data) ? data.length : undefined;
}
