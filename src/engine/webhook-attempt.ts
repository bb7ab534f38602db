/** One try to deliver, as its run's history has it: cut to what is worth reading, and without anything secret. */
export interface WebhookAttempt {
  /** ISO time. */
  readonly at: string;
  readonly durationMs: number;
  readonly outcome: WebhookOutcome;
  /** The `webhook-id`. */
  readonly id: string;
  /** Nothing when nothing was sent. */
  readonly request?: {
    readonly url: string;
    /** The one that the name led to, and that was connected to. */
    readonly address: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: CutText;
  };
  /** Nothing when none came. */
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: CutText;
  };
  /** Why it is no success, for people. */
  readonly error?: string;
  /** The next attempt comes after this; nothing when there is none. */
  readonly retryInMs?: number;
}

/**
 * `delivered`: any 2xx. `failed`: tried again. `gone`: the receiver wants nothing any more (410). `refused`: the address is none that
 * may be asked. `disabled`: the endpoint was, and nothing was sent. `missing`: there is no such endpoint.
 */
export type WebhookOutcome = "delivered" | "failed" | "gone" | "refused" | "disabled" | "missing";

/** Text of which the first 4 KiB are kept. */
export interface CutText {
  readonly text: string;
  /** How long all of it was, or how much of it was read. */
  readonly bytes: number;
  readonly isCut: boolean;
}

/** The step of a delivery's run that is an attempt. */
export const WEBHOOK_STEP = "attempt";
