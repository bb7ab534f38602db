import type { WebhookAttempt } from "../../engine/webhook-attempt.ts";
import type { WebhookEndpoint } from "../../engine/webhook-spec.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AddressGuard } from "./address-guard.ts";
import {
  type DeliveryTarget,
  deliveryTarget,
  type Resolve,
  TargetRefusedError,
} from "./delivery-target.ts";
import { type PostAnswer, postOnce } from "./post-once.ts";
import { Redaction } from "./redaction.ts";
import { retryAfterMs } from "./retry-after.ts";
import { signDelivery } from "./sign-delivery.ts";

/**
 * One attempt: looks the name up, checks the address, signs, posts, and tells what came of it. An answer, or none in time, is no
 * error here. `attempt` counts from 1.
 * @throws the signal's reason when it aborts: then nothing is known.
 */
export async function deliverOnce(
  means: DeliveryMeans,
  order: DeliveryOrder,
): Promise<WebhookAttempt> {
  const { clock, guard, resolve } = means;
  const { endpoint, id, body, attempt, signal } = order;
  const startedAt = clock.now();
  const at = new Date(startedAt);
  const deadline = AbortSignal.timeout(endpoint.timeoutMs);
  const ends = AbortSignal.any([signal, deadline]);
  const signed = signDelivery({ id, at, body, secrets: endpoint.secrets });
  const headers = { ...FIXED, ...endpoint.headers, ...signed };
  const redaction = new Redaction([
    ...endpoint.secrets.map(({ secret }) => secret),
    ...Object.values(endpoint.headers),
    ...(signed["webhook-signature"] ?? "").split(/[ ,]/),
  ]);
  const bytes = new TextEncoder().encode(body);
  let target: DeliveryTarget | undefined;
  let answer: PostAnswer | undefined;
  let error: unknown;
  try {
    target = await within(deliveryTarget(endpoint.url, guard, resolve), ends);
    answer = await postOnce({
      target,
      headers,
      body: bytes,
      maxAnswerBytes: MAX_ANSWER,
      signal: ends,
    });
  } catch (caught) {
    // The worker stops, or the run: whoever takes it up tries again.
    signal.throwIfAborted();
    error = caught;
  }
  const outcome = outcomeOf(answer, error);
  const delayMs =
    outcome === "failed" ? delayAfter(endpoint, attempt, answer, startedAt) : undefined;
  const why = whyNot(answer, error, deadline.aborted ? endpoint.timeoutMs : undefined);
  const own = new Set(Object.keys(endpoint.headers));
  return {
    at: at.toISOString(),
    durationMs: clock.now() - startedAt,
    outcome,
    id,
    ...(target === undefined
      ? {}
      : {
          request: {
            url: redaction.url(target.url),
            address: target.address,
            headers: redaction.headers(headers, own),
            body: redaction.body(bytes),
          },
        }),
    ...(answer === undefined
      ? {}
      : {
          response: {
            status: answer.status,
            headers: redaction.headers(answer.headers, own),
            body: redaction.body(answer.body, answer.isCut),
          },
        }),
    ...(why === undefined ? {} : { error: redaction.text(why) }),
    ...(delayMs === undefined ? {} : { retryInMs: delayMs }),
  };
}

/** What a worker delivers with. */
export interface DeliveryMeans {
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly resolve: Resolve;
}

export interface DeliveryOrder {
  readonly endpoint: WebhookEndpoint;
  /** The `webhook-id`. */
  readonly id: string;
  /** JSON text. */
  readonly body: string;
  readonly attempt: number;
  /** The worker gives it up. */
  readonly signal: AbortSignal;
}

const FIXED = Object.freeze({
  "content-type": "application/json",
  accept: "*/*",
  "user-agent": "Millrace-Webhooks/1",
});

/** Of an answer so much is read; 4 KiB of it are kept. */
const MAX_ANSWER = 65_536;
const LONGEST_WAIT_MS = 86_400_000;
/** Retries of many deliveries that failed together do not come together. */
const SPREAD = 0.1;

/** A resolver cannot be stopped, but need not be waited for. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function outcomeOf(
  answer: PostAnswer | undefined,
  error: unknown,
): "delivered" | "failed" | "gone" | "refused" {
  if (error instanceof TargetRefusedError) return "refused";
  const status = answer?.status ?? 0;
  if (status >= 200 && status < 300) return "delivered";
  return status === 410 ? "gone" : "failed";
}

/** As scheduled, or later if the receiver asks for that. Nothing after the last attempt. */
function delayAfter(
  { retryDelaysMs }: WebhookEndpoint,
  attempt: number,
  answer: PostAnswer | undefined,
  now: number,
): number | undefined {
  const scheduled = retryDelaysMs[attempt - 1];
  if (scheduled === undefined) return undefined;
  const asked = Math.min(LONGEST_WAIT_MS, retryAfterMs(answer?.headers["retry-after"], now) ?? 0);
  return Math.max(asked, Math.round(scheduled * (1 + SPREAD * Math.random())));
}

function whyNot(
  answer: PostAnswer | undefined,
  error: unknown,
  timeoutMs: number | undefined,
): string | undefined {
  if (answer === undefined) {
    if (timeoutMs !== undefined) return `There was no answer within ${timeoutMs} ms.`;
    return error instanceof Error ? textOf(error) : String(error);
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return `It answered ${status}: redirects are not followed.`;
  return `It answered ${status}.`;
}

/** Of several attempts to connect, node keeps the reasons apart. */
function textOf(error: Error): string {
  const all = error instanceof AggregateError ? error.errors : [];
  return error.message === "" ? all.map(String).join("; ") || error.name : error.message;
}
