import { changeRecord } from "../../client/change-record.ts";
import type { ClientHost } from "../../client/client-host.ts";
import type { WebhookOutcome } from "../../engine/webhook-attempt.ts";
import { afterAttempt } from "../../engine/webhook-health.ts";
import type { WebhookEndpoint } from "../../engine/webhook-spec.ts";
import { decodeWebhook, encodeWebhook, webhookKey } from "../../wire/webhook-codec.ts";
import { tellDisabled } from "./tell-disabled.ts";

/**
 * Keeps with the endpoint what came of an attempt, by CAS: any number of workers deliver to it. Whoever disables it tells of that
 * before anything else is done; if it dies in between, the next one that comes by does, with the same event id.
 * @throws {@link BrokerError}
 */
export async function keepHealth(
  host: ClientHost,
  attempted: WebhookEndpoint,
  outcome: WebhookOutcome,
): Promise<void> {
  const isWell = outcome === "delivered" && attempted.failing === undefined;
  if (isWell) return;
  const kept = outcome === "delivered" || outcome === "gone" ? outcome : "failed";
  const now = host.clock.now();
  const after = await changeRecord(host, KIND, webhookKey(attempted.name), (endpoint) =>
    endpoint === undefined ? endpoint : afterAttempt(endpoint, attempted.version, kept, now),
  );
  if (after !== undefined) await tellOnce(host, after);
}

/** Sends the event `webhook.disabled` if it is due and not out yet. @throws {@link BrokerError} */
export async function tellOnce(host: ClientHost, endpoint: WebhookEndpoint): Promise<void> {
  const { name, disabled } = endpoint;
  if (disabled === undefined || disabled.isTold) return;
  await tellDisabled(host, endpoint, disabled);
  await changeRecord(host, KIND, webhookKey(name), (now) =>
    now?.disabled === undefined || now.disabled.at !== disabled.at
      ? now
      : { ...now, disabled: { ...now.disabled, isTold: true } },
  );
}

const KIND = { encode: encodeWebhook, decode: decodeWebhook };
