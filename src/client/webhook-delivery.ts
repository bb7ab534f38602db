import { WEBHOOK_FLOW } from "../engine/built-in-flows.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { RunStatus } from "../engine/run-status.ts";
import { WEBHOOK_STEP, type WebhookAttempt } from "../engine/webhook-attempt.ts";
import { isObject } from "../wire/control-json.ts";
import type { ClientHost } from "./client-host.ts";
import { readDetails } from "./run-details.ts";

/** What was sent to an endpoint, and what came of it: a run's history, read as a delivery log. */
export interface WebhookDelivery {
  /** The run. */
  readonly run: string;
  /** The endpoint's name. */
  readonly webhook: string;
  /** The `webhook-id`: the same in each attempt and each replay. */
  readonly id: string;
  readonly status: RunStatus;
  readonly submittedAt: Date;
  readonly closedAt: Date | undefined;
  /** In order. */
  readonly attempts: readonly WebhookAttempt[];
  /** When the next attempt is due. */
  readonly nextAttemptAt: Date | undefined;
}

/** Nothing when there is no such run, or it is no delivery. */
export async function readDelivery(
  host: ClientHost,
  run: RunRef,
): Promise<WebhookDelivery | undefined> {
  if (run.flow !== WEBHOOK_FLOW) return undefined;
  const details = await readDetails(host, run);
  if (details === undefined) return undefined;
  const { id, status, input, submittedAt, closedAt, steps, timers } = details;
  const attempts = steps
    .filter((step) => step.id.startsWith(`${WEBHOOK_STEP}#`))
    .map(({ output }) => output)
    .filter(isAttempt);
  const given = isObject(input) ? input : {};
  const waits = timers.find(({ firedAt }) => firedAt === undefined);
  return {
    run: id,
    webhook: typeof given["webhook"] === "string" ? given["webhook"] : "",
    id: attempts[0]?.id ?? (typeof given["id"] === "string" ? given["id"] : run.token),
    status,
    submittedAt,
    closedAt,
    attempts,
    nextAttemptAt: closedAt === undefined ? waits?.fireAt : undefined,
  };
}

/** What this worker's step gives: see `deliverOnce`. */
function isAttempt(value: unknown): value is WebhookAttempt {
  return isObject(value) && typeof value["outcome"] === "string" && typeof value["at"] === "string";
}
