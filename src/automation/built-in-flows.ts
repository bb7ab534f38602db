import type { Millrace } from "../client/millrace.ts";
import type { AnyDefinition } from "../definition/definition.ts";
import { millraceAction } from "./actions/millrace-action.ts";
import type { DeliveryMeans } from "./webhooks/deliver-once.ts";
import { webhookFlow } from "./webhooks/webhook-flow.ts";

/** The flows that every worker serves beside its own: they carry out what triggers and webhooks ask for. All are in one queue. */
export function builtInFlows(millrace: Millrace, means: BuiltInMeans): readonly AnyDefinition[] {
  return [millraceAction(millrace), webhookFlow(millrace, means.webhooks)];
}

/** What they work with beside the connection. */
export interface BuiltInMeans {
  readonly webhooks: DeliveryMeans;
}
