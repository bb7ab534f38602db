import { MillraceError } from "./millrace-error.ts";

/** There is no endpoint of outgoing webhooks by that name. */
export class WebhookNotFoundError extends MillraceError {
  readonly code = "WEBHOOK_NOT_FOUND";
  readonly webhook: string;

  constructor(webhook: string) {
    super(`There is no webhook ${webhook}. See: millrace webhooks list`);
    this.webhook = webhook;
  }
}

/** There is no hook for incoming webhooks by that name. */
export class HookNotFoundError extends MillraceError {
  readonly code = "HOOK_NOT_FOUND";
  readonly hook: string;

  constructor(hook: string) {
    super(`There is no hook ${hook}. Make one: millrace hooks put`);
    this.hook = hook;
  }
}

/** What came in at a hook was not signed by whoever knows its secret, or not in time. */
export class HookUnverifiedError extends MillraceError {
  readonly code = "HOOK_UNVERIFIED";

  constructor(hook: string, why: string) {
    super(`Hook ${hook} took nothing: ${why}.`);
  }
}
