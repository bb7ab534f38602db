import { type Static, Type } from "typebox";
import { type AccessToken, SCOPES, type Scope } from "../../../engine/access-token.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { CLOSED, named, Time } from "../schemas/schema-parts.ts";

const Scopes = Type.Array(Type.Enum([...SCOPES] as Scope[]), {
  description:
    "`read` looks, `submit` brings in runs and signals, `control` stops, resumes and changes queues, `admin` all of it and tokens.",
});

const TokenSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String({ description: "What it is for." }),
    scopes: Scopes,
    createdAt: Time("When it was made."),
    expiresAt: Type.Optional(Time("Not valid from then on.")),
    revokedAt: Type.Optional(Time("When it was revoked.")),
  },
  { $id: "Token", description: "Who may use this API. The secret is told once, when it is made." },
);

/** Tokens: for whoever has the scope `admin`. */
export const tokenTopic: Topic = { schemas: [TokenSchema], routes: addTokenRoutes };

function addTokenRoutes(api: Api, { tokens }: ApiHost): void {
  api.get(
    "/tokens",
    {
      config: { scope: "admin" },
      schema: {
        operationId: "listTokens",
        summary: "The tokens, the newest first",
        tags: ["tokens"],
        response: { 200: Type.Object({ tokens: Type.Array(named(TokenSchema)) }) },
      },
    },
    async () => ({ tokens: (await tokens.list()).map(tokenJson) }),
  );
  api.post(
    "/tokens",
    {
      config: { scope: "admin" },
      schema: {
        operationId: "createToken",
        summary: "Make a token",
        description: "Its text is in this answer, and never again anywhere.",
        tags: ["tokens"],
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 128 }),
            scopes: Scopes,
            expiresAt: Type.Optional(Time("Default: never.")),
          },
          CLOSED,
        ),
        response: { 201: Type.Object({ token: named(TokenSchema), text: Type.String() }) },
      },
    },
    async ({ body: { name, scopes, expiresAt } }, reply) => {
      const until = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) };
      const { token, text } = await tokens.create({ name, scopes, ...until });
      return reply.code(201).send({ token: tokenJson(token), text });
    },
  );
  api.delete(
    "/tokens/:id",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "revokeToken",
        summary: "Revoke a token",
        description: "Every server refuses it within 5 seconds.",
        tags: ["tokens"],
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: named(TokenSchema) },
      },
    },
    async ({ params: { id } }) => tokenJson(await tokens.revoke(id)),
  );
}

function tokenJson(token: AccessToken): Static<typeof TokenSchema> {
  const { id, name, scopes, createdAt, expiresAt, revokedAt } = token;
  return {
    id,
    name,
    scopes: [...scopes],
    createdAt: new Date(createdAt).toISOString(),
    ...given({
      expiresAt: expiresAt === 0 ? undefined : new Date(expiresAt).toISOString(),
      revokedAt: revokedAt === 0 ? undefined : new Date(revokedAt).toISOString(),
    }),
  };
}
