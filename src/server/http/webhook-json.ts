import type { MadeHook } from "../../client/hooks.ts";
import type { WebhookDelivery } from "../../client/webhook-delivery.ts";
import type { SecretView } from "../../client/webhook-view.ts";
import type { MadeWebhook } from "../../client/webhooks.ts";
import { given } from "./given.ts";
import type { DeliveryJson, HookJson, WebhookJson } from "./schemas/webhook-schema.ts";

/** An endpoint as the API answers with it. */
export function webhookJson(webhook: MadeWebhook): WebhookJson {
  const { name, url, headers, timeoutMs, retryDelaysMs, version, secret } = webhook;
  const { disableAfter, disabled, failing } = webhook;
  return {
    name,
    url,
    secrets: secretsJson(webhook.secrets),
    headers: [...headers],
    timeoutMs,
    retryDelaysMs: [...retryDelaysMs],
    version,
    createdAt: webhook.createdAt.toISOString(),
    changedAt: webhook.changedAt.toISOString(),
    ...given({
      disableAfter,
      secret,
      disabled: disabled === undefined ? undefined : { ...disabled, at: disabled.at.toISOString() },
      failing:
        failing === undefined ? undefined : { ...failing, since: failing.since.toISOString() },
    }),
  };
}

export function deliveryJson(delivery: WebhookDelivery): DeliveryJson {
  const { run, webhook, id, status, submittedAt, closedAt, nextAttemptAt, attempts } = delivery;
  return {
    run,
    webhook,
    id,
    status,
    submittedAt: submittedAt.toISOString(),
    attempts: attempts.map((attempt) => ({ ...attempt })),
    ...given({
      closedAt: closedAt?.toISOString(),
      nextAttemptAt: nextAttemptAt?.toISOString(),
    }),
  };
}

export function hookJson(hook: MadeHook): HookJson {
  const { name, kind, type, header, version, secret } = hook;
  return {
    name,
    kind,
    type,
    version,
    secrets: secretsJson(hook.secrets),
    createdAt: hook.createdAt.toISOString(),
    changedAt: hook.changedAt.toISOString(),
    ...given({ header, secret }),
  };
}

function secretsJson(secrets: readonly SecretView[]): WebhookJson["secrets"] {
  return secrets.map(({ id, createdAt }) => ({ id, createdAt: createdAt.toISOString() }));
}
