import { Type } from "typebox";
import type { WebhookOptions } from "../../../client/webhooks.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { CLOSED, named, RunIdParams } from "../schemas/schema-parts.ts";
import {
  DeliverySchema,
  NameParams,
  PutWebhookSchema,
  WebhookSchema,
} from "../schemas/webhook-schema.ts";
import { deliveryJson, webhookJson } from "../webhook-json.ts";

/** Endpoints of outgoing webhooks, and what was delivered to them. */
export const webhookTopic: Topic = {
  schemas: [WebhookSchema, DeliverySchema],
  routes: (api, host) => {
    addEndpoints(api, host);
    addSwitches(api, host);
    addDeliveries(api, host);
  },
};

const tags = ["webhooks"];
const one = { 200: named(WebhookSchema) };
const Nothing = Type.Object({}, CLOSED);
const Started = Type.Object({ id: Type.String({ description: "The run that delivers." }) });

function addEndpoints(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/webhooks",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listWebhooks",
        summary: "The endpoints that webhooks are sent to",
        tags,
        response: { 200: Type.Object({ webhooks: Type.Array(named(WebhookSchema)) }) },
      },
    },
    async () => ({ webhooks: (await millrace.webhooks.list()).map(webhookJson) }),
  );
  api.get(
    "/webhooks/:name",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getWebhook",
        summary: "An endpoint that webhooks are sent to",
        tags,
        params: NameParams,
        response: one,
      },
    },
    async ({ params: { name } }) => webhookJson(await millrace.webhooks.get(name)),
  );
  api.put(
    "/webhooks/:name",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "putWebhook",
        summary: "Make an endpoint, or change what is given",
        description:
          "Of a new one the URL has to be given; the secret that is made for it is in this answer, and never again anywhere.",
        tags,
        params: NameParams,
        body: PutWebhookSchema,
        response: one,
      },
    },
    async ({ params: { name }, body }) =>
      webhookJson(await millrace.webhooks.put(name, body as WebhookOptions)),
  );
  api.delete(
    "/webhooks/:name",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "removeWebhook",
        summary: "Remove an endpoint",
        tags,
        params: NameParams,
        response: { 200: Type.Object({ name: Type.String() }) },
      },
    },
    async ({ params: { name } }) => {
      await millrace.webhooks.remove(name);
      return { name };
    },
  );
  api.post(
    "/webhooks/:name/rotate",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "rotateWebhookSecret",
        summary: "Add a secret, and keep the one before",
        description: "Both sign until the next rotation. The new one is in this answer only.",
        tags,
        params: NameParams,
        body: Type.Object({ secret: Type.Optional(Type.String({ maxLength: 512 })) }, CLOSED),
        response: one,
      },
    },
    async ({ params: { name }, body }) =>
      webhookJson(await millrace.webhooks.rotate(name, body as { readonly secret?: string })),
  );
}

function addSwitches(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/webhooks/:name/enable",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "enableWebhook",
        summary: "Deliver again",
        tags,
        params: NameParams,
        body: Nothing,
        response: one,
      },
    },
    async ({ params: { name } }) => webhookJson(await millrace.webhooks.enable(name)),
  );
  api.post(
    "/webhooks/:name/disable",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "disableWebhook",
        summary: "Deliver nothing until it is enabled",
        tags,
        params: NameParams,
        body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: 512 })) }, CLOSED),
        response: one,
      },
    },
    async ({ params: { name }, body: { reason } }) =>
      webhookJson(await millrace.webhooks.disable(name, reason)),
  );
}

function addDeliveries(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/webhooks/:name/test",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "testWebhook",
        summary: "Send something small of type `millrace.test`",
        tags,
        params: NameParams,
        body: Nothing,
        response: { 202: Started },
      },
    },
    async ({ params: { name } }, reply) => {
      const { id } = await millrace.webhooks.test(name);
      return reply.code(202).send({ id });
    },
  );
  api.get(
    "/webhooks/:name/deliveries",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listWebhookDeliveries",
        summary: "What was sent to an endpoint, the newest first, with each attempt",
        tags,
        params: NameParams,
        querystring: Type.Object(
          { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })) },
          CLOSED,
        ),
        response: { 200: Type.Object({ deliveries: Type.Array(named(DeliverySchema)) }) },
      },
    },
    async ({ params: { name }, query: { limit = 20 } }) => ({
      deliveries: (await millrace.webhooks.deliveries(name, { limit })).map(deliveryJson),
    }),
  );
  api.get(
    "/deliveries/:id",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getWebhookDelivery",
        summary: "One delivery with its attempts",
        tags,
        params: RunIdParams,
        response: { 200: named(DeliverySchema) },
      },
    },
    async ({ params: { id } }) => deliveryJson(await millrace.webhooks.delivery(id)),
  );
  api.post(
    "/deliveries/:id/replay",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "replayWebhookDelivery",
        summary: "Send it once more, with the same `webhook-id`",
        tags,
        params: RunIdParams,
        body: Nothing,
        response: { 202: Started },
      },
    },
    async ({ params: { id } }, reply) => {
      const run = await millrace.webhooks.replay(id);
      return reply.code(202).send({ id: run.id });
    },
  );
}
