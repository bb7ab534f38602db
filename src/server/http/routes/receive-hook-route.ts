import { Type } from "typebox";
import { BodyNotJsonError, receiveHook } from "../../hooks/receive-hook.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { ApiError } from "../problem.ts";

const EventSchema = Type.Object({
  id: Type.String({ description: "Of the CloudEvent: the hook's name and the sender's id." }),
  type: Type.String(),
});

/** Where webhooks of others come in: no token of ours, but the sender's signature over the bytes as they came. */
export const receiveHookTopic: Topic = { rootRoutes: addReceiveHook };

function addReceiveHook(api: Api, { millrace }: ApiHost): void {
  // In a scope of its own: here a body is bytes, whatever its sender says it is.
  void api.register((hooks: Api, _, done) => {
    hooks.removeAllContentTypeParsers();
    hooks.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => {
      parsed(null, body);
    });
    hooks.post(
      "/hooks/:name",
      {
        config: { scope: "signed", problems: [404] },
        schema: {
          operationId: "receiveHook",
          summary: "Take in a webhook of somebody else, and emit an event",
          description:
            "Verified by the hook's kind: Standard Webhooks, GitHub, Stripe or a shared token. What came in before is answered with 200 and emits nothing.",
          tags: ["webhooks"],
          params: Type.Object({ name: Type.String({ minLength: 1, maxLength: 128 }) }),
          response: {
            200: Type.Object({ event: EventSchema, duplicate: Type.Literal(true) }),
            202: Type.Object({ event: EventSchema }),
          },
        },
      },
      async ({ params: { name }, headers, body: raw }, reply) => {
        const body = Buffer.isBuffer(raw) ? raw : Buffer.alloc(0);
        try {
          const { id, type, isDuplicate } = await receiveHook(millrace, name, { headers, body });
          const event = { id, type };
          if (isDuplicate) return await reply.code(200).send({ event, duplicate: true });
          return await reply.code(202).send({ event });
        } catch (error) {
          if (error instanceof BodyNotJsonError) throw new ApiError("BODY_NOT_JSON", error.message);
          throw error;
        }
      },
    );
    done();
  });
}
