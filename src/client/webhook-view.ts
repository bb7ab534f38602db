import type {
  DisablePolicy,
  WebhookDisabled,
  WebhookEndpoint,
  WebhookSecret,
} from "../engine/webhook-spec.ts";

/** An endpoint as it is shown: its secrets by their ids, its headers by their names. */
export interface WebhookView {
  readonly name: string;
  readonly url: string;
  /** The newest first. */
  readonly secrets: readonly SecretView[];
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  readonly retryDelaysMs: readonly number[];
  /** When it is given up; nothing for never. */
  readonly disableAfter: DisablePolicy | undefined;
  /** Why nothing is delivered, or nothing while it is. */
  readonly disabled:
    | { readonly at: Date; readonly reason: string; readonly by: WebhookDisabled["by"] }
    | undefined;
  /** Attempts that have failed since the last success, if any have. */
  readonly failing: { readonly since: Date; readonly attempts: number } | undefined;
  readonly version: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** A secret as it is shown. */
export interface SecretView {
  readonly id: string;
  readonly createdAt: Date;
}

export function webhookView(endpoint: WebhookEndpoint): WebhookView {
  const { secrets, headers, disabled, failing, createdAt, changedAt, ...rest } = endpoint;
  return {
    ...rest,
    secrets: secrets.map(secretView),
    headers: Object.keys(headers),
    disabled:
      disabled === undefined
        ? undefined
        : { at: new Date(disabled.at), reason: disabled.reason, by: disabled.by },
    failing:
      failing === undefined
        ? undefined
        : { since: new Date(failing.since), attempts: failing.attempts },
    createdAt: new Date(createdAt),
    changedAt: new Date(changedAt),
  };
}

export function secretView({ id, createdAt }: WebhookSecret): SecretView {
  return { id, createdAt: new Date(createdAt) };
}
