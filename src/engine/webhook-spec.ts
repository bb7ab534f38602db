/**
 * An endpoint of outgoing webhooks as it stands in its control record `webhook.<name>`. The secrets and the values of the headers
 * are for whoever delivers: nobody else is shown them.
 */
export interface WebhookEndpoint {
  /** A token. */
  readonly name: string;
  /** Where deliveries are posted to: http or https, without user and password. */
  readonly url: string;
  /** One or two, the newest first: each signs every delivery. */
  readonly secrets: readonly WebhookSecret[];
  /** Sent with each delivery. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one attempt may take, in milliseconds, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
  /** How long after each failed attempt the next one comes, in milliseconds; after the last of them a delivery has failed. */
  readonly retryDelaysMs: readonly number[];
  /** When the endpoint is given up; nothing for never. */
  readonly disableAfter: DisablePolicy | undefined;
  /** Why nothing is delivered, or nothing while it is. */
  readonly disabled: WebhookDisabled | undefined;
  /** The attempts that have failed since the last success, or nothing when there are none. */
  readonly failing: WebhookFailing | undefined;
  /** 1 for the first; one more for each change that somebody asked for. */
  readonly version: number;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** A key that signs: `whsec_` and 24 to 64 bytes in base64. Shown once, when it is made. */
export interface WebhookSecret {
  readonly id: string;
  readonly secret: string;
  readonly createdAt: number;
}

/** An endpoint is disabled when nothing was delivered for so long, and at least so many attempts have failed meanwhile. */
export interface DisablePolicy {
  readonly afterMs: number;
  readonly attempts: number;
}

export interface WebhookDisabled {
  readonly at: number;
  readonly reason: string;
  /** Who did it: a person, too many failures, or the receiver itself, by `410 Gone`. */
  readonly by: "request" | "failures" | "gone";
  /** Whether the system event `webhook.disabled` is out. */
  readonly isTold: boolean;
}

export interface WebhookFailing {
  readonly since: number;
  readonly attempts: number;
}

/** What an endpoint has that nobody has settled otherwise: the schedule is that of Standard Webhooks. */
export const WEBHOOK_DEFAULTS = Object.freeze({
  timeoutMs: 15_000,
  retryDelaysMs: Object.freeze([
    5_000, 30_000, 120_000, 600_000, 3_600_000, 18_000_000, 36_000_000, 86_400_000,
  ]),
  disableAfter: Object.freeze({ afterMs: 5 * 86_400_000, attempts: 20 }),
});

/** Two: the one that receivers know, and the one that they are to know. */
export const MAX_WEBHOOK_SECRETS = 2;

/** By which the deliveries of an endpoint are found. */
export function webhookTag(name: string): string {
  return `webhook:${name}`;
}

/** The input of a delivery. */
export interface WebhookInput {
  /** The endpoint's name. */
  readonly webhook: string;
  /** Sent as JSON. */
  readonly body: unknown;
  /** The `webhook-id`: the same in each attempt, and in each replay. Default: the run's key, as it stands in subjects. */
  readonly id?: string;
  /** With a type, `{ type, timestamp, data: body }` is sent, as Standard Webhooks recommends. */
  readonly type?: string;
  /** When it happened, in ISO form: for `type`. Default: when the run began. */
  readonly timestamp?: string;
}
