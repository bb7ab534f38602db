import { Type } from "typebox";
import type { HookOptions } from "../../../client/hooks.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { CLOSED, named } from "../schemas/schema-parts.ts";
import { HookSchema, NameParams, PutHookSchema } from "../schemas/webhook-schema.ts";
import { hookJson } from "../webhook-json.ts";

/** Where webhooks of others come in: `/hooks/<name>`, beside this API. */
export const hookTopic: Topic = { schemas: [HookSchema], routes: addHookRoutes };

const tags = ["webhooks"];
const one = { 200: named(HookSchema) };

function addHookRoutes(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/hooks",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listHooks",
        summary: "Where webhooks of others come in",
        tags,
        response: { 200: Type.Object({ hooks: Type.Array(named(HookSchema)) }) },
      },
    },
    async () => ({ hooks: (await millrace.hooks.list()).map(hookJson) }),
  );
  api.get(
    "/hooks/:name",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getHook",
        summary: "How a hook verifies, and which event it emits",
        tags,
        params: NameParams,
        response: one,
      },
    },
    async ({ params: { name } }) => hookJson(await millrace.hooks.get(name)),
  );
  api.put(
    "/hooks/:name",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "putHook",
        summary: "Make a hook, or change what is given",
        description:
          "Of a new one the kind has to be given; the secret that is made for it is in this answer, and never again anywhere.",
        tags,
        params: NameParams,
        body: PutHookSchema,
        response: one,
      },
    },
    async ({ params: { name }, body }) =>
      hookJson(await millrace.hooks.put(name, body as HookOptions)),
  );
  api.delete(
    "/hooks/:name",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "removeHook",
        summary: "Remove a hook",
        tags,
        params: NameParams,
        response: { 200: Type.Object({ name: Type.String() }) },
      },
    },
    async ({ params: { name } }) => {
      await millrace.hooks.remove(name);
      return { name };
    },
  );
  api.post(
    "/hooks/:name/rotate",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "rotateHookSecret",
        summary: "Add a secret, and keep the one before",
        description: "Both are taken until the next rotation. The new one is in this answer only.",
        tags,
        params: NameParams,
        body: Type.Object({ secret: Type.Optional(Type.String({ maxLength: 512 })) }, CLOSED),
        response: one,
      },
    },
    async ({ params: { name }, body }) =>
      hookJson(await millrace.hooks.rotate(name, body as { readonly secret?: string })),
  );
}
