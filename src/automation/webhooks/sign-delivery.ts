import { Webhook } from "standardwebhooks";
import type { WebhookSecret } from "../../engine/webhook-spec.ts";

/**
 * The headers of Standard Webhooks for a body: one signature for each active secret, so that receivers know it by the old and by
 * the new one. The time is that of the attempt: receivers refuse what was signed more than five minutes ago.
 */
export function signDelivery(signed: {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
  readonly secrets: readonly WebhookSecret[];
}): Readonly<Record<string, string>> {
  const { id, at, body, secrets } = signed;
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets
      .map(({ secret }) => new Webhook(secret).sign(id, at, body))
      .join(" "),
  };
}
