import type { Logger } from "pino";
import { readRecord } from "../../client/change-record.ts";
import type { Millrace } from "../../client/millrace.ts";
import type { WebhookReceipt } from "../../client/webhooks.ts";
import { flow } from "../../definition/flow.ts";
import type { Flow, FlowContext } from "../../definition/flow-context.ts";
import { BUILT_IN_QUEUE, WEBHOOK_FLOW } from "../../engine/built-in-flows.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { WEBHOOK_STEP, type WebhookAttempt } from "../../engine/webhook-attempt.ts";
import { type WebhookInput, webhookTag } from "../../engine/webhook-spec.ts";
import { decodeWebhook, encodeWebhook, webhookKey } from "../../wire/webhook-codec.ts";
import { type DeliveryMeans, deliverOnce } from "./deliver-once.ts";
import { keepHealth, tellOnce } from "./endpoint-health.ts";
import { webhookInput } from "./webhook-input.ts";

/**
 * The flow whose runs deliver webhooks. Each attempt is a step that gives what was sent and answered, also when it failed: the
 * run's history is the delivery log. Between attempts the run sleeps, and costs nothing.
 *
 * - The `webhook-id` is the same in each attempt: a worker that dies in the middle of one has it made again, and the receiver can tell.
 * - What depends on time, chance or the endpoint is decided in the step and recorded with it; the flow only follows.
 */
export function webhookFlow(
  millrace: Millrace,
  means: DeliveryMeans,
): Flow<WebhookInput, WebhookReceipt> {
  return flow(
    WEBHOOK_FLOW,
    { queue: BUILT_IN_QUEUE, input: webhookInput },
    async (ctx, input): Promise<WebhookReceipt> => {
      ctx.tag(webhookTag(input.webhook));
      const { token } = parseRunId(ctx.runId);
      const message = { id: input.id ?? token, body: bodyOf(ctx, input) };
      let made = 0;
      // Whoever resumes a delivery that was given up has it tried as often again.
      for (let round = 1; ; round++) {
        let last: WebhookAttempt;
        for (let attempt = 1; ; attempt++) {
          last = await ctx.step(
            WEBHOOK_STEP,
            ({ signal, log }) =>
              attemptOnce(millrace, means, { ...message, input, attempt, signal, log }),
            { retry: BROKER_RETRY },
          );
          made++;
          if (last.retryInMs === undefined) break;
          await ctx.sleep(last.retryInMs);
        }
        if (last.outcome === "delivered") {
          return { id: message.id, attempts: made, status: last.response?.status ?? 0 };
        }
        if (round >= ctx.attempt) throw givenUp(input.webhook, last, made);
      }
    },
  );
}

/** Before anything is sent the endpoint is read: a broker that is away is no failure of the receiver. */
const BROKER_RETRY = { attempts: 1_000, backoff: { initial: "1s", max: "1m" } } as const;

interface Attempt {
  readonly id: string;
  readonly body: string;
  readonly input: WebhookInput;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

async function attemptOnce(
  { host }: Millrace,
  means: DeliveryMeans,
  { id, body, input: { webhook }, attempt, signal, log }: Attempt,
): Promise<WebhookAttempt> {
  const endpoint = await readRecord(host, KIND, webhookKey(webhook));
  const nothingSent = { at: new Date(means.clock.now()).toISOString(), durationMs: 0, id };
  if (endpoint === undefined) {
    return { ...nothingSent, outcome: "missing", error: `There is no webhook ${webhook}.` };
  }
  if (endpoint.disabled !== undefined) {
    await tellOnce(host, endpoint);
    const error = `Webhook ${webhook} is disabled: ${endpoint.disabled.reason}`;
    return { ...nothingSent, outcome: "disabled", error };
  }
  const made = await deliverOnce(means, { endpoint, id, body, attempt, signal });
  try {
    await keepHealth(host, endpoint, made.outcome);
  } catch (error) {
    // What was sent was sent: it must not be sent again because the count of failures is not kept.
    log.warn({ err: error, webhook }, "It is not kept with the webhook what came of an attempt");
  }
  return made;
}

const KIND = { encode: encodeWebhook, decode: decodeWebhook };

/** The same text in each attempt: it is made of what is recorded. */
function bodyOf(ctx: FlowContext, { body, type, timestamp }: WebhookInput): string {
  const at = timestamp ?? new Date(ctx.now()).toISOString();
  const text = JSON.stringify(type === undefined ? body : { type, timestamp: at, data: body });
  if (text === undefined) throw new FatalError("WEBHOOK_BODY", "The body is nothing in JSON.");
  if (text.length <= MAX_BODY) return text;
  throw new FatalError(
    "WEBHOOK_BODY",
    `The body takes ${text.length} characters, and receivers take ${MAX_BODY} at most. Send where it can be fetched.`,
  );
}

const MAX_BODY = 1_048_576;

function givenUp(webhook: string, last: WebhookAttempt, made: number): FatalError {
  const { outcome, error = "" } = last;
  switch (outcome) {
    case "disabled":
      return new FatalError(
        "WEBHOOK_DISABLED",
        `${error} Then resume this run: millrace webhooks enable ${webhook}`,
      );
    case "missing":
      return new FatalError("WEBHOOK_NOT_FOUND", `${error} Make it, then resume this run.`);
    case "refused":
      return new FatalError("WEBHOOK_REFUSED", `Webhook ${webhook} was not called: ${error}`);
    case "gone":
      return new FatalError(
        "WEBHOOK_GONE",
        `Webhook ${webhook} answered 410 Gone, and is disabled now.`,
      );
    case "failed":
    case "delivered":
      return new FatalError(
        "WEBHOOK_FAILED",
        `Webhook ${webhook} was not delivered in ${made} attempts. The last one: ${error} Resume this run to try again.`,
      );
  }
}
