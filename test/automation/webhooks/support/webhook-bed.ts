import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Resolve } from "../../../../src/automation/webhooks/delivery-target.ts";
import { webhookFlow } from "../../../../src/automation/webhooks/webhook-flow.ts";
import { deliveryMeans } from "../../../../src/automation/webhooks/webhook-options.ts";
import { Millrace } from "../../../../src/client/millrace.ts";
import type { WebhookOptions, WebhookRun } from "../../../../src/client/webhooks.ts";
import type { CloudEvent } from "../../../../src/engine/cloud-event.ts";
import { systemClock } from "../../../../src/ports/clock.ts";
import { MemoryBroker } from "../../../../src/testing/memory-broker.ts";
import { type ServingWorker, serve } from "../../../../src/worker/serve.ts";
import { until } from "../../../e2e/support/until.ts";
import { Receiver } from "./receiver.ts";

/** Workers that deliver on a broker in memory, and somebody who receives; all of it ends with the test. */
export class WebhookBed {
  readonly broker = new MemoryBroker();
  readonly millrace = new Millrace(this.broker.connect());
  readonly receiver: Receiver;

  private constructor(receiver: Receiver) {
    this.receiver = receiver;
  }

  static async open(options: WebhookOptions = {}): Promise<WebhookBed> {
    const bed = new WebhookBed(await Receiver.start());
    onTestFinished(() => bed.millrace.close());
    const { url } = bed.receiver;
    await bed.millrace.webhooks.put("shop", { url, retryDelays: QUICK, ...options });
    return bed;
  }

  /** One more worker, on a connection of its own. */
  async worker(
    serving: { readonly allow?: readonly string[]; readonly resolve?: Resolve } = {},
  ): Promise<ServingWorker> {
    const { allow = ["127.0.0.1"], resolve } = serving;
    const connection = new Millrace(this.broker.connect());
    const means = deliveryMeans({ allow }, systemClock);
    const flow = webhookFlow(connection, resolve === undefined ? means : { ...means, resolve });
    const log = pino({ level: "silent" });
    const worker = await serve([flow], { connection, lease: "1s", log });
    onTestFinished(async () => {
      await worker.drain();
      await connection.close();
    });
    return worker;
  }

  /** The error that a delivery came to. */
  async failure(run: WebhookRun): Promise<{ readonly code: string; readonly message: string }> {
    const thrown = await run.result({ timeout: "60s" }).then(
      (receipt) => {
        throw new Error(`It was delivered: ${JSON.stringify(receipt)}`);
      },
      (error: Error) => error,
    );
    return thrown.cause as Error & { readonly code: string };
  }

  /** System events that are in the events stream. */
  async events(): Promise<readonly CloudEvent[]> {
    const found: CloudEvent[] = [];
    for await (const { event } of this.millrace.events.tail({})) found.push(event);
    return found.filter(({ type }) => type.startsWith("millrace.webhook."));
  }

  /** Waits until so many requests have come. */
  async came(requests: number): Promise<void> {
    await until(
      `${requests} requests have come`,
      () => this.receiver.requests.length >= requests,
      60_000,
    );
  }
}

/** Three attempts in no time. */
export const QUICK = ["10ms", "20ms"] as const;
