import type { ClientHost } from "../../client/client-host.ts";
import type { CloudEvent } from "../../engine/cloud-event.ts";
import type { WebhookDisabled, WebhookEndpoint } from "../../engine/webhook-spec.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { eventMessage } from "../../wire/cloud-event-codec.ts";

/** Publishes the system event `webhook.disabled`. Its id is made of the endpoint and the time: told twice, it is one event. */
export async function tellDisabled(
  { broker }: ClientHost,
  { name, url, failing }: WebhookEndpoint,
  { at, reason, by }: WebhookDisabled,
): Promise<void> {
  const { namespace } = broker.log;
  const event: CloudEvent = {
    specversion: "1.0",
    id: `webhook-disabled-${name}-${at}`,
    source: `/millrace/${namespace}`,
    type: "millrace.webhook.disabled",
    subject: name,
    time: new Date(at).toISOString(),
    datacontenttype: "application/json",
    data: {
      webhook: name,
      // Its path may be all that a sender has to know.
      host: new URL(url).host,
      by,
      reason,
      ...(failing === undefined
        ? {}
        : { failedAttempts: failing.attempts, since: new Date(failing.since).toISOString() }),
    },
  };
  const subject = new BusSubjects(namespace).systemEvent("webhook.disabled");
  await broker.bus.publish(eventMessage(subject, event));
}
