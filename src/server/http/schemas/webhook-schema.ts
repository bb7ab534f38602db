import { type Static, Type } from "typebox";
import { HOOK_KINDS, type HookKind } from "../../../engine/hook-spec.ts";
import { CLOSED, DurationText, Time } from "./schema-parts.ts";

const Secrets = Type.Array(Type.Object({ id: Type.String(), createdAt: Time("Since when.") }), {
  description: "One or two, the newest first, by their ids. The texts are never shown.",
});

const Made = Type.Optional(
  Type.String({ description: "The secret that was just made: this once, and never again." }),
);

export const NameParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_-]+$" }),
});

export const WebhookSchema = Type.Object(
  {
    name: Type.String(),
    url: Type.String(),
    secrets: Secrets,
    headers: Type.Array(Type.String(), { description: "Names of those that are sent along." }),
    timeoutMs: Type.Integer({ description: "How long one attempt may take." }),
    retryDelaysMs: Type.Array(Type.Integer(), { description: "After each failed attempt." }),
    disableAfter: Type.Optional(
      Type.Object(
        { afterMs: Type.Integer(), attempts: Type.Integer() },
        { description: "When it is given up. Not there: never." },
      ),
    ),
    disabled: Type.Optional(
      Type.Object(
        {
          at: Time("Since when."),
          reason: Type.String(),
          by: Type.Enum(["request", "failures", "gone"] as ("request" | "failures" | "gone")[]),
        },
        { description: "Why nothing is delivered." },
      ),
    ),
    failing: Type.Optional(
      Type.Object(
        { since: Time("Since when."), attempts: Type.Integer() },
        { description: "Attempts that have failed since the last success." },
      ),
    ),
    version: Type.Integer(),
    createdAt: Time("When it was made."),
    changedAt: Time("When somebody changed it last."),
    secret: Made,
  },
  { $id: "Webhook", description: "An endpoint that webhooks are sent to." },
);

export const PutWebhookSchema = Type.Object(
  {
    url: Type.Optional(Type.String({ maxLength: 2_048 })),
    secret: Type.Optional(Type.String({ maxLength: 512, description: "`whsec_…`, added." })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    timeout: Type.Optional(DurationText("100 ms to 60 s.")),
    retryDelays: Type.Optional(Type.Array(DurationText("One of them."), { maxItems: 20 })),
    disableAfter: Type.Optional(
      Type.Union([
        Type.Object(
          {
            after: Type.Optional(DurationText("Nothing delivered for so long.")),
            attempts: Type.Optional(Type.Integer({ minimum: 1 })),
          },
          CLOSED,
        ),
        Type.Literal("never"),
      ]),
    ),
  },
  CLOSED,
);

const Cut = Type.Object(
  { text: Type.String(), bytes: Type.Integer(), isCut: Type.Boolean() },
  { description: "The first 4 KiB, without secrets." },
);

const Headers = Type.Record(Type.String(), Type.String());

const Outcomes = ["delivered", "failed", "gone", "refused", "disabled", "missing"] as const;

export const DeliverySchema = Type.Object(
  {
    run: Type.String({ description: "The run that delivers." }),
    webhook: Type.String(),
    id: Type.String({ description: "The `webhook-id`." }),
    status: Type.String(),
    submittedAt: Time("When it was asked for."),
    closedAt: Type.Optional(Time("When it was delivered or given up.")),
    nextAttemptAt: Type.Optional(Time("When it is tried again.")),
    attempts: Type.Array(
      Type.Object({
        at: Time("When it began."),
        durationMs: Type.Number(),
        outcome: Type.Enum([...Outcomes]),
        id: Type.String(),
        request: Type.Optional(
          Type.Object({
            url: Type.String(),
            address: Type.String(),
            headers: Headers,
            body: Cut,
          }),
        ),
        response: Type.Optional(
          Type.Object({ status: Type.Integer(), headers: Headers, body: Cut }),
        ),
        error: Type.Optional(Type.String()),
        retryInMs: Type.Optional(Type.Number()),
      }),
    ),
  },
  { $id: "WebhookDelivery", description: "What was sent to an endpoint, attempt by attempt." },
);

export const HookSchema = Type.Object(
  {
    name: Type.String(),
    kind: Type.Enum([...HOOK_KINDS] as HookKind[]),
    secrets: Secrets,
    type: Type.String({ description: "Of its events; `{event}` is what the sender calls it." }),
    header: Type.Optional(Type.String({ description: "Of a token: where it stands." })),
    version: Type.Integer(),
    createdAt: Time("When it was made."),
    changedAt: Time("When somebody changed it last."),
    secret: Made,
  },
  { $id: "Hook", description: "Where webhooks of others come in." },
);

export const PutHookSchema = Type.Object(
  {
    kind: Type.Optional(Type.Enum([...HOOK_KINDS] as HookKind[])),
    secret: Type.Optional(Type.String({ maxLength: 512 })),
    type: Type.Optional(Type.String({ maxLength: 128 })),
    header: Type.Optional(Type.String({ maxLength: 64 })),
  },
  CLOSED,
);

export type WebhookJson = Static<typeof WebhookSchema>;
export type DeliveryJson = Static<typeof DeliverySchema>;
export type HookJson = Static<typeof HookSchema>;
